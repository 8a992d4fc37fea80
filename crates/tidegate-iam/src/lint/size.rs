//! How long a document is, as AWS counts: without white space.

use tidegate_graph::{Data, Piece, Value, World};

/// Characters of a document written without white space. What isn't known counts as nothing, so that it is no less.
pub fn size(world: &World, value: &Value) -> usize {
    let Some(value) = world.resolve(value) else { return 0 };
    match &value.data {
        Data::Null => 4,
        Data::Bool(b) => {
            if *b {
                4
            } else {
                5
            }
        }
        Data::Number(text) => text.len(),
        Data::Text(text) => 2 + text.chars().filter(|c| !c.is_whitespace()).count(),
        Data::Template(pieces) => 2 + pieces.iter().map(known).sum::<usize>(),
        Data::Json(inner) => size(world, inner),
        Data::List(items) => {
            2 + items.len().saturating_sub(1) + items.iter().map(|v| size(world, v)).sum::<usize>()
        }
        Data::Map(map) => {
            let fields = map.iter().map(|(key, v)| key.chars().count() + 3 + size(world, v)).sum::<usize>();
            2 + map.len().saturating_sub(1) + fields
        }
        Data::Choice(_) | Data::Unknown(_) => 0,
    }
}

fn known(piece: &Piece) -> usize {
    match piece {
        Piece::Text(text) => text.chars().count(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::FileId;

    #[test]
    fn white_space_does_not_count() {
        let text = "{ \"Statement\" : [ {\"Effect\": \"Allow\", \"n\": 12, \"b\": false} , null ] }";
        let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let value = crate::json::parse(FileId(0), text).unwrap();
        assert_eq!(size(&World::default(), &value), bare.len());
    }
}
