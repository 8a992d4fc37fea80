//! Expressions.

use super::{Parsed, Parser};
use crate::terraform::ast::{Binary, Call, Expr, For, Kind, Operator, Step};
use tidegate_graph::Str;

/// Operators in one chain: a tree as deep as the chain is long is walked recursively.
const MAX_OPERATORS: usize = 300;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.enter()?;
        let start = self.at;
        let condition = self.chain()?;
        let end = self.at;
        self.skip();
        let expr = if self.eat("?") {
            self.skip_all();
            let then = self.expression()?;
            // A conditional may go on in the next line only where Terraform lets it, but there is no other reading.
            self.skip_all();
            if !self.eat(":") {
                return self.fault("expected `:` of a conditional");
            }
            self.skip_all();
            let otherwise = self.expression()?;
            let span = self.span(start, self.at);
            Expr::new(Kind::Conditional(Box::new([condition, then, otherwise])), span)
        } else {
            self.at = end;
            condition
        };
        self.depth -= 1;
        Ok(expr)
    }

    /// Operands and operators, bound by precedence; without recursion, since chains can be long.
    fn chain(&mut self) -> Parsed<Expr> {
        let first = self.term()?;
        let mut operands = vec![first];
        let mut operators: Vec<Operator> = Vec::new();
        let mut count = 0;
        loop {
            let end = self.at;
            self.skip();
            let Some(operator) = self.operator() else {
                self.at = end;
                break;
            };
            count += 1;
            if count > MAX_OPERATORS {
                return self.fault("too many operators in one expression");
            }
            self.skip_all();
            while operators.last().is_some_and(|last| last.precedence() >= operator.precedence()) {
                reduce(&mut operands, &mut operators);
            }
            operators.push(operator);
            operands.push(self.term()?);
        }
        while !operators.is_empty() {
            reduce(&mut operands, &mut operators);
        }
        match operands.pop() {
            Some(expr) => Ok(expr),
            None => self.fault("expected an expression"),
        }
    }

    fn operator(&mut self) -> Option<Operator> {
        const SIGNS: [(&str, Operator); 13] = [
            ("||", Operator::Or),
            ("&&", Operator::And),
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessEqual),
            (">=", Operator::GreaterEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
            ("+", Operator::Add),
            ("-", Operator::Subtract),
            ("*", Operator::Multiply),
            ("/", Operator::Divide),
            ("%", Operator::Modulo),
        ];
        SIGNS.iter().find(|(sign, _)| self.eat(sign)).map(|(_, operator)| *operator)
    }

    fn term(&mut self) -> Parsed<Expr> {
        self.enter()?;
        let start = self.at;
        let first = self.primary()?;
        let mut steps = Vec::new();
        loop {
            let end = self.at;
            self.skip();
            if self.starts("...") || !self.step(&mut steps)? {
                self.at = end;
                break;
            }
        }
        self.depth -= 1;
        if steps.is_empty() {
            return Ok(first);
        }
        let span = self.span(start, self.at);
        Ok(Expr::new(Kind::Traverse(Box::new(first), steps), span))
    }

    fn step(&mut self, steps: &mut Vec<Step>) -> Parsed<bool> {
        let start = self.at;
        if self.eat(".") {
            self.skip_all();
            if self.eat("*") {
                steps.push(Step::AttributeSplat);
            } else if let Some(word) = self.word() {
                steps.push(Step::Attribute(word));
            } else {
                let digits = self.digits();
                if digits.is_empty() {
                    return self.fault("expected the name of an attribute");
                }
                let span = self.span(start, self.at);
                steps.push(Step::Index(Expr::new(Kind::Number(digits), span)));
            }
            return Ok(true);
        }
        if !self.eat("[") {
            return Ok(false);
        }
        let before = std::mem::replace(&mut self.loose, true);
        self.skip();
        if self.eat("*") {
            steps.push(Step::Splat);
        } else {
            steps.push(Step::Index(self.expression()?));
        }
        self.skip();
        self.loose = before;
        if !self.eat("]") {
            return self.fault("expected `]`");
        }
        Ok(true)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let start = self.at;
        let kind = match self.peek() {
            Some('"') => return self.quoted(),
            Some('<') if self.starts("<<") => return self.heredoc(),
            Some('(') => {
                let expr = self.within(")", |parser| {
                    parser.skip();
                    parser.expression()
                })?;
                return Ok(Expr { span: self.span(start, self.at), ..expr });
            }
            Some('[') => {
                self.within("]", |parser| if parser.at_for() { parser.for_list() } else { parser.list() })?
            }
            Some('{') => self.object()?,
            Some('-') => {
                self.at += 1;
                self.skip();
                Kind::Negate(Box::new(self.term()?))
            }
            Some('!') => {
                self.at += 1;
                self.skip();
                Kind::Not(Box::new(self.term()?))
            }
            Some('0'..='9') => self.number(),
            _ => {
                let Some(word) = self.word() else { return self.fault("expected an expression") };
                self.named(word)?
            }
        };
        Ok(Expr::new(kind, self.span(start, self.at)))
    }

    /// Reads what stands between an opening sign, which is next, and `close`; newlines are blanks in there.
    fn within<T>(&mut self, close: &str, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.at += 1;
        let before = std::mem::replace(&mut self.loose, true);
        let out = read(self)?;
        self.skip();
        self.loose = before;
        if self.eat(close) { Ok(out) } else { self.fault(&format!("expected `{close}`")) }
    }

    fn named(&mut self, mut word: Str) -> Parsed<Kind> {
        while self.eat("::") {
            let Some(more) = self.word() else { return self.fault("expected the name of a function") };
            word = format!("{word}::{more}").into();
        }
        if self.peek() != Some('(') {
            return Ok(match word.as_str() {
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                "null" => Kind::Null,
                _ => Kind::Name(word),
            });
        }
        self.within(")", |parser| {
            let mut call = Call { name: word, arguments: Vec::new(), expand: false };
            loop {
                parser.skip();
                if matches!(parser.peek(), None | Some(')')) {
                    break;
                }
                call.arguments.push(parser.expression()?);
                parser.skip();
                call.expand = parser.eat("...");
                parser.skip();
                if call.expand || !parser.eat(",") {
                    break;
                }
            }
            // A comma may follow the last argument.
            parser.eat(",");
            Ok(Kind::Call(Box::new(call)))
        })
    }

    fn digits(&mut self) -> Str {
        let rest = self.rest();
        let digits =
            rest.get(..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())).unwrap_or_default();
        self.at += digits.len();
        digits.into()
    }

    fn number(&mut self) -> Kind {
        let start = self.at;
        self.digits();
        let decimals =
            self.rest().strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if decimals {
            self.at += 1;
            self.digits();
        }
        if let Some(exponent) = self.rest().strip_prefix(['e', 'E']) {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.starts_with(|c: char| c.is_ascii_digit()) {
                self.at += 1 + exponent.len() - digits.len();
                self.digits();
            }
        }
        Kind::Number(self.text.get(start..self.at).unwrap_or_default().into())
    }

    fn list(&mut self) -> Parsed<Kind> {
        let mut items = Vec::new();
        loop {
            self.skip();
            if matches!(self.peek(), None | Some(']')) {
                return Ok(Kind::List(items));
            }
            items.push(self.expression()?);
            self.skip();
            if !self.eat(",") {
                return Ok(Kind::List(items));
            }
        }
    }

    fn object(&mut self) -> Parsed<Kind> {
        let start = self.at;
        self.at += 1;
        let is_for = self.at_for();
        self.at = start;
        if is_for {
            return self.within("}", Self::for_object);
        }
        self.at += 1;
        let before = std::mem::replace(&mut self.loose, false);
        let mut items = Vec::new();
        loop {
            self.skip_all();
            if self.eat("}") {
                break;
            }
            let key = self.object_key()?;
            self.skip_inline();
            if !self.eat("=") && !self.eat(":") {
                return self.fault("expected `=` or `:` behind a key");
            }
            self.skip_all();
            items.push((key, self.expression()?));
            self.skip_inline();
            match self.peek() {
                Some(',' | '\n') => self.at += 1,
                Some('}') => {}
                _ => return self.fault("expected a comma, a newline or `}`"),
            }
        }
        self.loose = before;
        Ok(Kind::Object(items))
    }

    fn object_key(&mut self) -> Parsed<Expr> {
        let start = self.at;
        if let Some(word) = self.word() {
            let span = self.span(start, self.at);
            self.skip_inline();
            if self.peek() == Some('=') && !self.starts("==")
                || self.peek() == Some(':') && !self.starts("::")
            {
                return Ok(Expr::new(Kind::Text(word), span));
            }
            self.at = start;
        }
        self.chain()
    }

    fn at_for(&mut self) -> bool {
        self.skip_all();
        self.rest()
            .strip_prefix("for")
            .is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n', '#', '/']))
    }

    fn for_list(&mut self) -> Parsed<Kind> {
        self.for_expression(false)
    }

    fn for_object(&mut self) -> Parsed<Kind> {
        self.for_expression(true)
    }

    fn for_expression(&mut self, object: bool) -> Parsed<Kind> {
        self.skip();
        let (key_name, value_name, collection) = self.for_intro()?;
        self.skip();
        if !self.eat(":") {
            return self.fault("expected `:` of a `for` expression");
        }
        self.skip();
        let mut key = None;
        if object {
            key = Some(self.expression()?);
            self.skip();
            if !self.eat("=>") {
                return self.fault("expected `=>`");
            }
            self.skip();
        }
        let value = self.expression()?;
        self.skip();
        let group = self.eat("...");
        self.skip();
        let mut condition = None;
        if self
            .rest()
            .strip_prefix("if")
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        {
            self.at += 2;
            self.skip();
            condition = Some(self.expression()?);
        }
        Ok(Kind::For(Box::new(For { key_name, value_name, collection, key, value, group, condition })))
    }

    /// `for k, v in collection`, up to the colon or brace behind it.
    pub(super) fn for_intro(&mut self) -> Parsed<(Option<Str>, Str, Expr)> {
        self.at += "for".len();
        self.skip();
        let Some(first) = self.word() else { return self.fault("expected the name of a variable") };
        self.skip();
        let mut second = None;
        if self.eat(",") {
            self.skip();
            second = self.word();
            if second.is_none() {
                return self.fault("expected the name of a variable");
            }
            self.skip();
        }
        if !self.eat("in") {
            return self.fault("expected `in`");
        }
        self.skip();
        let collection = self.expression()?;
        Ok(match second {
            Some(value) => (Some(first), value, collection),
            None => (None, first, collection),
        })
    }
}

fn reduce(operands: &mut Vec<Expr>, operators: &mut Vec<Operator>) {
    let (Some(right), Some(left), Some(operator)) = (operands.pop(), operands.pop(), operators.pop()) else {
        return;
    };
    let span = left.span.to(right.span);
    operands.push(Expr::new(Kind::Binary(Box::new(Binary { left, operator, right })), span));
}
