//! Colours and fonts, light and dark.

/// The style sheet. Every kind of link has a dash pattern of its own beside its colour.
pub(super) const CSS: &str = r"
svg{--paper:#fbfcfe;--band:#f1f4f9;--ink:#182135;--soft:#5c6880;--box:#fff;--line:#cfd7e4;--stack:#aab6c9;--fill:rgba(255,255,255,.62);
--edge:#6d3fd4;--compute:#c95a0a;--bus:#b3256f;--data:#1f5fc0;--who:#0f766e;--outside:#59677d;--stacks:#3d5a80;--red:#c81e3a;--amber:#8a5a00;--flow:#3f4cc0}
@media (prefers-color-scheme:dark){svg{--paper:#0e131b;--band:#141b26;--ink:#e7ecf4;--soft:#9aa8bd;--box:#1b2432;--line:#334156;--stack:#4a5a72;--fill:rgba(32,42,58,.38);
--edge:#8f6bea;--compute:#e07a2f;--bus:#d9569b;--data:#5590ea;--who:#2aa395;--outside:#7d8ca3;--stacks:#6d8db8;--red:#f2536b;--amber:#d9a441;--flow:#8d98f5}}
text{font-family:'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;fill:var(--ink)}
.paper{fill:var(--paper)}
.title{font-size:22px;font-weight:700;letter-spacing:-.2px}
.summary,.note{font-size:12px;fill:var(--soft)}.note,.legend{font-size:11.5px}.legend{fill:var(--soft)}
.band{fill:none}.even{fill:var(--band)}
.lane{font-size:10.5px;font-weight:700;letter-spacing:1.3px;text-transform:uppercase;text-anchor:middle;fill:var(--soft)}
.stack rect{fill:var(--fill);stroke:var(--stack);stroke-width:1.2}
.stack text{font-size:11.5px;font-weight:700;fill:var(--soft);paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.box{fill:var(--box);stroke:var(--line);stroke-width:1.2}
.name{font-size:12.5px;font-weight:600}.detail{font-size:10.5px;fill:var(--soft)}
.glyph{fill:none;stroke:#fff;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}.glyph .solid{fill:#fff;stroke:none}
.edge .tile{fill:var(--edge)}.compute .tile{fill:var(--compute)}.bus .tile{fill:var(--bus)}.data .tile{fill:var(--data)}
.who .tile{fill:var(--who)}.outside .tile{fill:var(--outside)}.stacks .tile{fill:var(--stacks)}.internet .tile{fill:var(--red)}
.internet .box{stroke:var(--red)}
.badge text{font-size:9.5px;font-weight:700;text-anchor:middle}
.badge rect{fill:var(--box);stroke:var(--amber);stroke-width:1.2}.badge text{fill:var(--amber)}
.badge.anonymous rect{fill:var(--red);stroke:var(--red)}.badge.anonymous text{fill:var(--box)}
.link{fill:none;stroke-width:1.5}.link path{stroke-linecap:butt}
.head{stroke-dasharray:none!important;stroke-linejoin:round;stroke-width:1.4}
.anonymous{stroke:var(--red)}.link.anonymous{stroke-width:2.2}.anonymous .filled{fill:var(--red)}
.authenticated{stroke:var(--amber);stroke-dasharray:3 3}.authenticated .filled{fill:var(--amber)}
.triggers{stroke:var(--flow);stroke-width:1.8}.triggers .filled{fill:var(--flow)}
.publishes{stroke:var(--bus);stroke-dasharray:9 4}.publishes .filled{fill:var(--bus)}
.invokes{stroke:var(--compute);stroke-dasharray:11 3 2 3}.invokes .filled{fill:var(--compute)}
.writes{stroke:var(--data)}
.reads{stroke:var(--data);stroke-dasharray:2 3}
.egress{stroke:var(--outside);stroke-dasharray:16 5}.egress .filled{fill:var(--outside)}
.identity{stroke:var(--who);stroke-dasharray:6 3 1.5 3}
.badge{stroke:none;stroke-dasharray:none}
";
