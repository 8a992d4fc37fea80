//! One simple shape of our own for each kind, drawn in a square of 20.

use crate::picture::scene::Glyph;
use tidegate_graph::NodeKind;

/// The shapes of a glyph, without their style.
pub(super) fn shapes(glyph: Glyph) -> &'static str {
    let Glyph::Kind(kind) = glyph else {
        return match glyph {
            Glyph::Internet => {
                r#"<circle cx="10" cy="10" r="7.2"/><ellipse cx="10" cy="10" rx="3.2" ry="7.2"/><path d="M3 10H17"/>"#
            }
            _ => {
                r#"<path d="M10 3L17 6.5L10 10L3 6.5ZM3.5 10.3L10 13.5L16.5 10.3M3.5 13.8L10 17L16.5 13.8"/>"#
            }
        };
    };
    match kind {
        NodeKind::Function => r#"<path class="solid" d="M11.5 2.5L4.5 11.2H9.2L8 17.5L15.5 8.3H10.5Z"/>"#,
        NodeKind::Api => {
            r#"<path d="M6.5 4L2.8 10L6.5 16M13.5 4L17.2 10L13.5 16"/><circle class="solid" cx="10" cy="10" r="1.9"/>"#
        }
        NodeKind::Bus => r#"<path d="M2.5 10H17.5M5.5 10V5M10 10V15M14.5 10V5"/>"#,
        NodeKind::Rule => r#"<path d="M3 4.5H17L12 10.8V16.5L8 14.3V10.8Z"/>"#,
        NodeKind::Queue => {
            r#"<path d="M3.5 5.5V14.5M7.2 5.5V14.5M10.9 5.5V14.5M13.5 10H17.3M15.2 7.6L17.5 10L15.2 12.4"/>"#
        }
        NodeKind::Topic => {
            r#"<circle class="solid" cx="4.6" cy="10" r="2"/><path d="M6.8 9L14 4.6M7 10H14M6.8 11L14 15.4"/><circle class="solid" cx="15.6" cy="4" r="1.4"/><circle class="solid" cx="15.8" cy="10" r="1.4"/><circle class="solid" cx="15.6" cy="16" r="1.4"/>"#
        }
        NodeKind::Stream => {
            r#"<path d="M2.5 6.5C5 3.5 7.5 3.5 10 6.5S15 9.5 17.5 6.5M2.5 13.5C5 10.5 7.5 10.5 10 13.5S15 16.5 17.5 13.5"/>"#
        }
        NodeKind::Store => {
            r#"<ellipse cx="10" cy="5" rx="6" ry="2.4"/><path d="M4 5V15C4 16.3 6.7 17.4 10 17.4S16 16.3 16 15V5M4 10C4 11.3 6.7 12.4 10 12.4S16 11.3 16 10"/>"#
        }
        NodeKind::Secret => {
            r#"<circle cx="6.3" cy="10" r="3.3"/><path d="M9.6 10H17.5M14 10V13M16.8 10V12.2"/>"#
        }
        NodeKind::Identity => {
            r#"<circle cx="10" cy="6.6" r="3.1"/><path d="M3.8 17C4.2 13.2 6.6 11.8 10 11.8S15.8 13.2 16.2 17"/>"#
        }
        NodeKind::Schema => {
            r#"<path d="M7.5 3.5C5 3.5 6.2 9 3.5 10C6.2 11 5 16.5 7.5 16.5M12.5 3.5C15 3.5 13.8 9 16.5 10C13.8 11 15 16.5 12.5 16.5"/>"#
        }
        NodeKind::Workflow => {
            r#"<rect x="7.2" y="2.8" width="5.6" height="4" rx="1"/><rect x="2.6" y="13.2" width="5.6" height="4" rx="1"/><rect x="11.8" y="13.2" width="5.6" height="4" rx="1"/><path d="M10 6.8V10M5.4 13.2V10H14.6V13.2"/>"#
        }
        NodeKind::Artifact => {
            r#"<path d="M10 2.8L16.5 6.2V13.8L10 17.2L3.5 13.8V6.2ZM3.5 6.2L10 9.8L16.5 6.2M10 9.8V17.2"/>"#
        }
        NodeKind::Log => r#"<path d="M4 5H16M4 8.4H13M4 11.8H16M4 15.2H10"/>"#,
        NodeKind::External => {
            r#"<path d="M5.8 15.5H14.4C18.2 15.5 18 10.4 14.4 10.4C14.4 5.4 7.4 4.6 6.5 9.2C2.2 9 2 15.5 5.8 15.5Z"/>"#
        }
    }
}
