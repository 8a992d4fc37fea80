//! Compiles a condition in CEL to what the guard evaluates.

mod kind;

use crate::custom::{Wrong, parse};
use cel::common::ast::{EntryExpr, Expr as Ast, IdedExpr, LiteralValue};
use kind::Kind;
use std::ops::Range;
use tidegate_graph::contract::{Condition, Expr, Fold, Op};

/// Compiles `source`, in which `event` is what the guard looks at.
pub(crate) fn compile(source: &str) -> Result<Condition, Wrong> {
    let (ast, place) = parse(source)?;
    let mut compiler = Compiler { place: &place, locals: Vec::new(), kinds: Vec::new() };
    // All of it has to be true or false, so that all of it is what is wrong.
    let ir = compiler.expr(&ast, 0)?;
    compiler.is_truth(&ir, 0..source.len())?;
    Ok(Condition { source: source.to_string(), ir })
}

/// Expressions within each other; the guard takes a few more.
const MAX_DEPTH: usize = 150;

struct Compiler<'c> {
    place: &'c dyn Fn(u64) -> Range<usize>,
    /// Names of the loops around.
    locals: Vec<String>,
    /// What is known of them.
    kinds: Vec<Kind>,
}

impl Compiler<'_> {
    /// Refuses what can be neither true nor false: it would fit no event.
    fn is_truth(&mut self, expr: &Expr, at: Range<usize>) -> Result<(), Wrong> {
        match kind::of(expr, &mut self.kinds) {
            Kind::Never(word) => Err(Wrong { message: format!("this is {word}, never true or false"), at }),
            Kind::Open | Kind::Truth => Ok(()),
        }
    }

    fn expr(&mut self, ast: &IdedExpr, depth: usize) -> Result<Expr, Wrong> {
        let wrong = |message: String| Err(Wrong { message, at: (self.place)(ast.id) });
        if depth > MAX_DEPTH {
            return wrong("the condition is nested too deeply".to_string());
        }
        Ok(match &ast.expr {
            Ast::Literal(LiteralValue::Null) => Expr::Null,
            Ast::Literal(LiteralValue::Boolean(flag)) => Expr::Bool(*flag.inner()),
            Ast::Literal(LiteralValue::Int(n)) => Expr::Int(*n.inner()),
            Ast::Literal(LiteralValue::UInt(n)) => Expr::Uint(*n.inner()),
            Ast::Literal(LiteralValue::Double(n)) => Expr::Double(n.inner().to_string()),
            Ast::Literal(LiteralValue::String(text)) => Expr::Text(text.inner().to_string()),
            Ast::Literal(LiteralValue::Bytes(_)) => return wrong("no event holds bytes".to_string()),
            Ast::Unspecified | Ast::Struct(_) => {
                return wrong("there are no types of that kind here".to_string());
            }
            Ast::Ident(name) => match self.locals.iter().rposition(|known| known == name) {
                Some(at) => Expr::Local(at),
                None if name == "event" => Expr::Event,
                None => return wrong(format!("there is no name `{name}`; the event is `event`")),
            },
            Ast::Select(select) => {
                let of = Box::new(self.expr(&select.operand, depth + 1)?);
                let name = select.field.clone();
                if select.test { Expr::Has(of, name) } else { Expr::Field(of, name) }
            }
            Ast::List(list) => {
                Expr::List(list.elements.iter().map(|e| self.expr(e, depth + 1)).collect::<Result<_, _>>()?)
            }
            Ast::Map(map) => {
                let entries = map.entries.iter().filter_map(|entry| match &entry.expr {
                    EntryExpr::MapEntry(entry) => Some(entry),
                    EntryExpr::StructField(_) => None,
                });
                let entries =
                    entries.map(|e| Ok((self.expr(&e.key, depth + 1)?, self.expr(&e.value, depth + 1)?)));
                Expr::Map(entries.collect::<Result<_, _>>()?)
            }
            Ast::Call(call) => {
                let Some(op) = Op::ALL.iter().copied().find(|op| op.name() == call.func_name) else {
                    let names = Op::ALL
                        .iter()
                        .map(|op| op.name())
                        .filter(|name| name.is_ascii() && !name.contains(['_', '@']));
                    let close = crate::suggest::closest(&call.func_name, names);
                    let close = close.map(|c| format!(", did you mean `{c}`?")).unwrap_or_default();
                    return wrong(format!("there is no function `{}` on events{close}", call.func_name));
                };
                let written: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
                let arguments =
                    written.iter().map(|a| self.expr(a, depth + 1)).collect::<Result<Vec<_>, _>>()?;
                // A choice asks that of its first argument alone.
                let truths = match op {
                    Op::And | Op::Or | Op::Not => arguments.len(),
                    Op::Choose => 1,
                    _ => 0,
                };
                for (argument, ast) in arguments.iter().zip(&written).take(truths) {
                    self.is_truth(argument, (self.place)(ast.id))?;
                }
                if arguments.len() != op.arguments() {
                    return wrong(format!("`{}` takes another number of arguments", call.func_name));
                }
                if op == Op::Matches {
                    match arguments.as_slice() {
                        [_, Expr::Text(pattern)] if tidegate_decide::is_pattern(pattern) => {}
                        [_, Expr::Text(_)] => {
                            return wrong("this is no regular expression, or a too large one".to_string());
                        }
                        _ => return wrong("`matches` takes a literal".to_string()),
                    }
                }
                Expr::Call(op, arguments)
            }
            Ast::Comprehension(each) => {
                if each.iter_var2.is_some() {
                    return wrong("loops have one name here".to_string());
                }
                let over = self.expr(&each.iter_range, depth + 1)?;
                let start = self.expr(&each.accu_init, depth + 1)?;
                let outer = self.locals.len();
                self.locals.push(each.accu_var.clone());
                self.kinds.push(Kind::Open);
                let going = self.expr(&each.loop_cond, depth + 1)?;
                let result = self.expr(&each.result, depth + 1)?;
                self.locals.push(each.iter_var.clone());
                self.kinds.push(Kind::Open);
                let step = self.expr(&each.loop_step, depth + 1)?;
                self.locals.truncate(outer);
                self.kinds.truncate(outer);
                Expr::Fold(Box::new(Fold { over, start, going, step, result }))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_compiled() {
        let condition = compile("event.body.amount <= 10000").unwrap();
        let amount =
            Expr::Field(Box::new(Expr::Field(Box::new(Expr::Event), "body".into())), "amount".into());
        assert_eq!(condition.ir, Expr::Call(Op::LessEqual, vec![amount, Expr::Int(10000)]));
        for fine in [
            "has(event.a) && event.a in ['x', 'y']",
            "event.items.all(i, i.qty > 0 && i.tags.exists(t, t == event.tag))",
            "size(event.items.filter(i, i.free)) < 3 || event.name.startsWith('test-')",
            "event.name.matches('^[a-z]+-[0-9]{4}$')",
            "event.items.map(i, i.price * double(i.qty)).exists(p, p > 1.5) ? event.vip : !event.vip",
            "true",
            "event.vip",
            "event",
            "event.flags[0] || event.vip ? event.a : true",
            "event.items.exists_one(i, i.free)",
            "event['detail-type'] != \"x\" && event.n % 2 == 0 && -1 < event.list[0]",
        ] {
            compile(fine).unwrap();
        }
    }

    #[test]
    fn what_the_guard_could_not_evaluate_is_refused_with_its_place() {
        for (text, message, at) in [
            ("event.a == body.b", "no name `body`", "body.b"),
            ("event.a.startWith('x')", "did you mean `startsWith`", "('x')"),
            ("event.a.matches('(')", "no regular expression", "('(')"),
            ("event.a.matches(event.b)", "takes a literal", "(event.b)"),
            ("b'x' == event.a", "bytes", "b'x' == event.a"),
            ("size(event.a, 1) > 1", "number of arguments", "(event.a, 1) > 1"),
        ] {
            let wrong = compile(text).unwrap_err();
            assert!(wrong.message.contains(message), "{text}: {}", wrong.message);
            assert_eq!(text.get(wrong.at.start..), Some(at));
        }
        // Neither true nor false, whatever comes.
        for (text, word, at) in [
            ("1 + 1", "a number", "1 + 1"),
            ("event.a + event.b", "a sum", "event.a + event.b"),
            ("event.a + 'x'", "a string", "event.a + 'x'"),
            ("'event.a == 1'", "a string", "'event.a == 1'"),
            ("[event.a == 1]", "a list", "[event.a == 1]"),
            ("{'a': true}", "a map", "{'a': true}"),
            ("null", "null", "null"),
            ("event.a ? 'yes' : 'no'", "a string", "event.a ? 'yes' : 'no'"),
            ("size(event.items)", "a number", "size(event.items)"),
            ("event.items.filter(i, i.free)", "a list", "event.items.filter(i, i.free)"),
            ("event.items.map(i, i.free)", "a list", "event.items.map(i, i.free)"),
            ("event.a == 1 && 'b'", "a string", "'b'"),
            ("event.items.all(i, int(i.n))", "a number", "(i.n))"),
        ] {
            let wrong = compile(text).unwrap_err();
            assert_eq!(wrong.message, format!("this is {word}, never true or false"), "{text}");
            assert_eq!(text.get(wrong.at.start..), Some(at), "{text}");
        }
        assert!(compile(&format!("{}event.a{}", "(".repeat(3000), ")".repeat(3000))).is_err());
    }
}
