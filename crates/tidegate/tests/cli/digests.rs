//! Digests of code and layers in the contract.

use super::contract::shop;
use serde_json::Value;

#[test]
fn digests_are_those_of_the_folders_that_are_deployed() {
    let project = shop().file("build/lib/a.py", "x\n").file("opt/tidegate/contract.json", "{}");
    let ran = project.run(&["contract", "--code", "place=build", "--layers", "place=opt"]);
    let contract: Value = serde_json::from_str(&ran.stdout).unwrap();
    let artifact = &contract["functions"]["template/Place"]["artifact"];
    // printf 'x\n' > lib/a.py; sha256sum lib/a.py | sha256sum
    assert_eq!(artifact["code"], "sha256:52551495be10b58550d7ae9eee5563096bdad83d31408516953060a1448b8fe9");
    let nothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(artifact["layers"], nothing);
    let ran = project.run(&["contract", "--code", "nobody=build"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("no function `nobody`"), "{}", ran.all());
}

#[test]
fn what_is_no_function_or_no_folder_is_told_with_what_to_do() {
    let project = shop().file("build/a.py", "x\n").file("a.zip", "x");
    std::fs::create_dir(project.path("empty")).unwrap();
    for (asked, message, help) in [
        ("place", "`--code place` is no FUNCTION=FOLDER", "write `--code FUNCTION=FOLDER`"),
        ("place=", "`--code place=` names no folder", "as `--code Checkout=build/checkout`"),
        ("=build", "`--code =build` names no function", "write `--code FUNCTION=FOLDER`"),
        ("Plcae=build", "holds no function `Plcae`", "did you mean `Place`?"),
        ("x=build", "holds no function `x`", "--format text` lists the functions"),
        ("place=none", "there is no folder `none`", "write `--code"),
        ("place=a.zip", "`a.zip` is no folder", "unpack it"),
        ("place=empty", "there is no file in `empty`", "the folder that is deployed as the code of `place`"),
    ] {
        let ran = project.run(&["contract", "--code", asked]);
        assert_eq!(ran.code, Some(2), "{asked}: {}", ran.all());
        for part in [message, help] {
            assert!(ran.stderr.contains(part), "{asked}: {part} in {}", ran.stderr);
        }
    }
    let twice = project.run(&["contract", "--code", "place=build", "--code", "Place=build"]);
    assert!(
        twice.code == Some(2) && twice.stderr.contains("is the second one for `Place`"),
        "{}",
        twice.all()
    );
}
