//! Conditions on free parameters, and the worlds in which they are decided.

use crate::{Str, Value, value::Data};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A condition that the code alone doesn't decide.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cond {
    /// Decided after all.
    Constant(bool),
    /// The variable (key of [`crate::System::variables`]) has this value.
    Equals(Str, Str),
    /// Something that can be true or false for reasons of its own; the text names it.
    Free(Str),
    /// Negation.
    Not(Box<Cond>),
    /// Conjunction.
    All(Vec<Cond>),
    /// Disjunction.
    Any(Vec<Cond>),
}

impl Cond {
    /// Negation, folded.
    pub fn negate(self) -> Self {
        match self {
            Self::Constant(b) => Self::Constant(!b),
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Conjunction, folded.
    pub fn all(conds: impl IntoIterator<Item = Cond>) -> Self {
        let mut rest = Vec::new();
        for cond in conds {
            match cond {
                Self::Constant(true) => {}
                Self::Constant(false) => return Self::Constant(false),
                other => rest.push(other),
            }
        }
        match rest.len() {
            0 => Self::Constant(true),
            1 => rest.remove(0),
            _ => Self::All(rest),
        }
    }

    /// Disjunction, folded.
    pub fn any(conds: impl IntoIterator<Item = Cond>) -> Self {
        Self::all(conds.into_iter().map(Cond::negate)).negate()
    }

    /// Adds the variables that it asks for.
    pub fn variables(&self, out: &mut BTreeSet<Str>) {
        match self {
            Self::Constant(_) => {}
            Self::Equals(name, _) | Self::Free(name) => {
                out.insert(name.clone());
            }
            Self::Not(inner) => inner.variables(out),
            Self::All(conds) | Self::Any(conds) => conds.iter().for_each(|c| c.variables(out)),
        }
    }

    /// True or false in a world; asks the world for each variable on the way.
    pub fn holds(&self, world: &World) -> bool {
        match self {
            Self::Constant(b) => *b,
            Self::Equals(variable, value) => world.ask(variable) == Answer::Is(value.clone()),
            Self::Free(name) => world.ask(name) == Answer::Is(Str::new_static("true")),
            Self::Not(inner) => !inner.holds(world),
            Self::All(conds) => conds.iter().all(|c| c.holds(world)),
            Self::Any(conds) => conds.iter().any(|c| c.holds(world)),
        }
    }
}

/// A free parameter and the values worth trying.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Variable {
    /// As people know it: `Env`.
    pub name: Str,
    /// Its default.
    pub default: Option<Str>,
    /// Allowed values, or the values that conditions compare it with.
    pub candidates: Vec<Str>,
    /// True when `candidates` is all there is (allowed values); otherwise "anything else" is one more.
    pub closed: bool,
}

/// What a variable is in a world.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    /// This value.
    Is(Str),
    /// None of the values that a condition compares it with.
    Other,
}

/// One way the free parameters can be.
///
/// A rule never enumerates branches itself: it looks values up through a world. The first undecided variable that a
/// look-up meets is noted, and [`World::explore`] runs the rule once for each of its values.
#[derive(Debug, Default)]
pub struct World {
    decided: BTreeMap<Str, Answer>,
    first_asked: RefCell<Option<Str>>,
}

/// Runs per exploration; beyond it the rest of the worlds is left out.
const MAX_WORLDS: usize = 32;

impl World {
    fn ask(&self, variable: &str) -> Answer {
        if let Some(answer) = self.decided.get(variable) {
            return answer.clone();
        }
        // Any answer will do: this run's result is thrown away, and the next ones have it decided.
        self.first_asked.borrow_mut().get_or_insert_with(|| variable.into());
        Answer::Other
    }

    /// The value with its choices decided; `None` when it is absent in this world.
    pub fn resolve<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        let mut value = value;
        while let Data::Choice(choice) = &value.data {
            value =
                if choice.cond.holds(self) { choice.then.as_ref()? } else { choice.otherwise.as_ref()? };
        }
        Some(value)
    }

    /// The value of a key in this world.
    pub fn get<'a>(&self, value: &'a Value, key: &str) -> Option<&'a Value> {
        self.resolve(self.resolve(value)?.as_map()?.get(key)?)
    }

    /// The value at a path of keys in this world: `["Cors", "AllowOrigins"]`.
    pub fn path<'a>(&self, value: &'a Value, path: &[&str]) -> Option<&'a Value> {
        path.iter().try_fold(self.resolve(value)?, |value, key| self.get(value, key))
    }

    /// A list's items in this world, or the value itself as the only item.
    pub fn items<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match self.resolve(value) {
            Some(value) => value.items().iter().filter_map(|item| self.resolve(item)).collect(),
            None => Vec::new(),
        }
    }

    /// What was decided, in words that follow "fails when": `Env=dev`. Empty in the only world.
    pub fn describe(&self, variables: &BTreeMap<Str, Variable>) -> String {
        let mut parts = Vec::new();
        for (key, answer) in &self.decided {
            let variable = variables.get(key);
            let name = variable.map_or(key.as_str(), |v| v.name.as_str());
            parts.push(match (answer, variable) {
                (Answer::Is(value), Some(_)) if value.is_empty() => format!("{name} is empty"),
                (Answer::Is(value), Some(_)) => format!("{name}={value}"),
                (Answer::Is(value), None) if value == "true" => format!("{name} holds"),
                (Answer::Is(_), None) => format!("{name} does not hold"),
                (Answer::Other, variable) => {
                    let not = variable.map(|v| v.candidates.join(" or ")).unwrap_or_default();
                    if not.is_empty() { format!("{name} is set") } else { format!("{name} is not {not}") }
                }
            });
        }
        parts.join(" and ")
    }

    /// Worlds in which all of these variables are decided, the defaults first: every combination while there are no more
    /// than `most`, otherwise as many as it takes to see every answer of each variable once.
    pub fn sample(variables: &BTreeMap<Str, Variable>, asked: &BTreeSet<Str>, most: usize) -> Vec<Self> {
        let answers: Vec<(&Str, Vec<Answer>)> =
            asked.iter().map(|name| (name, answers(variables, name))).collect();
        let product = answers.iter().try_fold(1_usize, |n, (_, a)| n.checked_mul(a.len().max(1)));
        let all = product.filter(|n| *n <= most);
        let count = all.unwrap_or_else(|| answers.iter().map(|(_, a)| a.len()).max().unwrap_or(1));
        let world = |mut n: usize| {
            let mut decided = BTreeMap::new();
            for (name, answers) in &answers {
                let size = answers.len().max(1);
                let pick = answers.get(n % size).cloned().unwrap_or(Answer::Other);
                if all.is_some() {
                    n /= size;
                }
                decided.insert((*name).clone(), pick);
            }
            Self { decided, ..Self::default() }
        };
        (0..count.max(1)).map(world).collect()
    }

    /// The same world with only these variables decided.
    pub fn only(&self, variables: &BTreeSet<Str>) -> Self {
        let kept = self.decided.iter().filter(|(name, _)| variables.contains(*name));
        Self { decided: kept.map(|(n, a)| (n.clone(), a.clone())).collect(), ..Self::default() }
    }

    /// Runs `run` once for each world that it can tell apart, the defaults first. The number of runs is bounded.
    pub fn explore<T>(
        variables: &BTreeMap<Str, Variable>,
        mut run: impl FnMut(&World) -> T,
    ) -> Vec<(World, T)> {
        let mut out = Vec::new();
        let mut todo = vec![BTreeMap::new()];
        while let Some(decided) = todo.pop() {
            if out.len() >= MAX_WORLDS {
                break;
            }
            let world = World { decided, ..World::default() };
            let result = run(&world);
            let asked = world.first_asked.borrow().clone();
            let Some(asked) = asked else {
                out.push((world, result));
                continue;
            };
            for answer in answers(variables, &asked).into_iter().rev() {
                let mut decided = world.decided.clone();
                decided.insert(asked.clone(), answer);
                todo.push(decided);
            }
        }
        out
    }
}

/// The answers worth trying for a variable, or for a condition of its own.
fn answers(variables: &BTreeMap<Str, Variable>, name: &str) -> Vec<Answer> {
    variables.get(name).map_or_else(
        || vec![Answer::Is(Str::new_static("true")), Answer::Is(Str::new_static("false"))],
        Variable::answers,
    )
}

impl Variable {
    /// The answers worth trying, the default first.
    fn answers(&self) -> Vec<Answer> {
        const MAX_ANSWERS: usize = 6;
        let mut out: Vec<Answer> = Vec::new();
        let values = self.default.iter().chain(&self.candidates);
        for answer in values.cloned().map(Answer::Is).chain((!self.closed).then_some(Answer::Other)) {
            if !out.contains(&answer) && out.len() < MAX_ANSWERS {
                out.push(answer);
            }
        }
        // With a default and a compared value there is already one world on each side.
        if !self.closed && self.default.is_some() && out.len() > 2 {
            out.retain(|a| *a != Answer::Other);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Choice, Span};

    fn choice(cond: Cond, then: Option<&str>, otherwise: Option<&str>) -> Value {
        let side = |v: Option<&str>| v.map(|t| Value::text(t, Span::default()));
        let choice = Choice { cond, then: side(then), otherwise: side(otherwise) };
        Value::new(Data::Choice(Box::new(choice)), Span::default())
    }

    #[test]
    fn each_world_is_visited_once_and_named() {
        let env = Variable {
            name: "Env".into(),
            default: Some("dev".into()),
            candidates: vec!["prod".into()],
            closed: false,
        };
        let variables = BTreeMap::from([("stack/Env".into(), env)]);
        let value = choice(Cond::Equals("stack/Env".into(), "prod".into()), Some("a"), None);
        let worlds = World::explore(&variables, |w| w.resolve(&value).and_then(Value::as_text));
        let seen: Vec<_> = worlds.iter().map(|(w, v)| (w.describe(&variables), v.clone())).collect();
        assert_eq!(seen, [("Env=dev".to_string(), None), ("Env=prod".to_string(), Some("a".into()))]);
    }

    #[test]
    fn a_rule_that_asks_nothing_runs_once() {
        let worlds = World::explore(&BTreeMap::new(), |_| ());
        assert_eq!(worlds.len(), 1);
    }

    #[test]
    fn free_conditions_try_both_sides() {
        let value = choice(Cond::Free("IsProd".into()), Some("a"), Some("b"));
        let worlds = World::explore(&BTreeMap::new(), |w| w.resolve(&value).and_then(Value::as_text));
        let seen: Vec<_> = worlds.iter().map(|(w, _)| w.describe(&BTreeMap::new())).collect();
        assert_eq!(seen, ["IsProd holds", "IsProd does not hold"]);
    }

    #[test]
    fn a_sample_has_every_combination_or_every_answer() {
        let asked: BTreeSet<Str> = ["A", "B", "C"].map(Str::new_static).into();
        let said = |most: usize| -> Vec<String> {
            let none = BTreeMap::new();
            World::sample(&none, &asked, most).iter().map(|w| w.describe(&none)).collect()
        };
        assert_eq!(said(8).len(), 8);
        assert_eq!(
            said(7),
            ["A holds and B holds and C holds", "A does not hold and B does not hold and C does not hold"]
        );
        let one = World::sample(&BTreeMap::new(), &asked, 1);
        let only = one.first().unwrap().only(&["B".into()].into());
        assert_eq!(only.describe(&BTreeMap::new()), "B holds");
        assert_eq!(World::sample(&BTreeMap::new(), &BTreeSet::new(), 8).len(), 1);
    }

    #[test]
    fn folding() {
        let e = || Cond::Equals("E".into(), "x".into());
        assert_eq!(Cond::all([Cond::Constant(true), e()]), e());
        assert_eq!(Cond::any([Cond::Constant(true), e()]), Cond::Constant(true));
        assert_eq!(Cond::any([Cond::Constant(false), e()]), e());
        assert_eq!(e().negate().negate(), e());
    }
}
