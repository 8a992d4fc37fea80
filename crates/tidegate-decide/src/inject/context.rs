//! What is known around a text, and how that moves the bar for it.
//!
//! A detector says what surely acts as code, and beside it what nearly does: by itself that is too little to deny. Where the
//! contract knows that the text goes on to something that takes such code, it is enough. What a schema expects of a
//! field is no sign of an attack there, as long as it doesn't run by itself. Where nothing is known, the bar stays.

use super::{Hit, Text};
use crate::decision::Class;
use std::borrow::Cow;
use tidegate_graph::contract::Consumer;
use tidegate_graph::contract::field::{Kind, Said};

/// What is known around a text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Context<'c> {
    consumers: u8,
    /// What a schema says of it.
    pub(crate) said: Option<&'c Said>,
}

/// Classes that a consumer takes for code, and what is said of it.
const RAISED: &[(Consumer, &[Class], &str)] = &[
    (Consumer::Model, &[Class::Prompt], "the function may call a model"),
    (Consumer::Sql, &[Class::Sql], "the function may ask a database in SQL"),
    (Consumer::Partiql, &[Class::Sql, Class::NoSql], "the function may ask a table in PartiQL"),
    (Consumer::Command, &[Class::OsCommand], "the function may have commands run"),
    (Consumer::Page, &[Class::Xss], "the function may put it into a page or a letter"),
];

impl<'c> Context<'c> {
    /// Of a function that may hand on to these.
    pub(crate) fn of(consumers: &[Consumer]) -> Self {
        let consumers = consumers.iter().fold(0, |set, consumer| set | 1 << *consumer as u8);
        Self { consumers, said: None }
    }

    /// The same for a text of which a schema says something.
    pub(crate) fn saying(self, said: Option<&'c Said>) -> Self {
        Self { said, ..self }
    }

    /// A schema expects this of the text.
    pub(crate) fn is(self, kind: Kind) -> bool {
        self.said.is_some_and(|said| said.is == kind)
    }

    /// Why something of a class that is nearly code is enough here.
    pub(crate) fn raises(self, class: Class) -> Option<Cow<'static, str>> {
        if class == Class::Ssrf
            && let Some(said) = self.said.filter(|said| said.is == Kind::Address)
        {
            return Some(format!("the schema has an address there ({})", said.by).into());
        }
        if let Some(said) = self.said.filter(|said| said.is == Kind::Word) {
            return Some(format!("the schema has single words there ({})", said.by).into());
        }
        // Where a page is expected, markup tells nothing.
        let expected = class == Class::Xss && (self.is(Kind::Markup) || self.is(Kind::Prose));
        let fits = |(consumer, classes, _): &&(Consumer, &[Class], &str)| {
            self.consumers & 1 << *consumer as u8 != 0 && classes.contains(&class)
        };
        RAISED.iter().find(fits).filter(|_| !expected).map(|(_, _, why)| Cow::Borrowed(*why))
    }
}

/// Something that isn't enough by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Near {
    pub(crate) class: Class,
    /// Offset in the text.
    pub(crate) at: usize,
    pub(crate) why: &'static str,
    /// It would be enough, had a schema not said that it belongs here.
    pub(crate) spared: bool,
}

/// What isn't enough, the first of each class.
pub(super) type Nears = [Option<Near>; 4];

impl Text<'_> {
    /// Something nearly acts as code.
    pub(crate) fn suspect(&self, class: Class, at: usize, why: &'static str) {
        self.keep(Near { class, at, why, spared: false });
    }

    /// Gives a hit, unless a schema says that it belongs here.
    pub(super) fn unless_expected(&self, kinds: &[Kind], hit: Hit, why: &'static str) -> Option<Hit> {
        if !kinds.iter().any(|kind| self.context.is(*kind)) {
            return Some(hit);
        }
        self.keep(Near { class: hit.class, at: hit.at, why, spared: true });
        None
    }

    /// It would be enough under any other name.
    pub(super) fn spare(&self, class: Class, at: usize, why: &'static str) {
        self.keep(Near { class, at, why, spared: true });
    }

    fn keep(&self, near: Near) {
        let mut nears = self.nears.get();
        for slot in &mut nears {
            match slot {
                Some(own) if own.class == near.class => return,
                Some(_) => {}
                None => {
                    *slot = Some(near);
                    break;
                }
            }
        }
        self.nears.set(nears);
    }

    /// What was not enough.
    pub(crate) fn nears(&self) -> impl Iterator<Item = Near> {
        self.nears.get().into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consumers_and_schemas_move_the_bar_of_their_classes_alone() {
        let sql = Context::of(&[Consumer::Sql]);
        assert!(sql.raises(Class::Sql).is_some() && sql.raises(Class::Xss).is_none());
        assert!(Context::default().raises(Class::Sql).is_none());
        let said = |is| Said { is, by: "format: x".into() };
        let (address, markup) = (said(Kind::Address), said(Kind::Markup));
        let page = Context::of(&[Consumer::Page, Consumer::Model]);
        assert!(page.raises(Class::Xss).is_some() && page.raises(Class::Prompt).is_some());
        assert!(page.saying(Some(&markup)).raises(Class::Xss).is_none());
        let word = said(Kind::Word);
        assert!(Context::default().saying(Some(&word)).raises(Class::Template).is_some());
        let why = Context::default().saying(Some(&address)).raises(Class::Ssrf).unwrap();
        assert_eq!(why, "the schema has an address there (format: x)");
    }
}
