//! Expressions, as they occur in template arguments, `decltype`, array dimensions and
//! `noexcept`: from the mangled name to the tree.

use super::parse::{Parser, Unresolved};
use super::tables::{BUILTINS, OPERATORS};
use super::{Id, Kind, NONE};

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Option<Id> {
        let outer = self.in_expression;
        self.in_expression = true;
        let id = self.operand();
        self.in_expression = outer;
        id
    }

    fn operand(&mut self) -> Option<Id> {
        self.nested(Self::operand_here)
    }

    fn operand_here(&mut self) -> Option<Id> {
        match (self.peek(), self.ahead(1)) {
            (b'L', _) => self.primary(),
            (b'T', _) => self.template_parameter(),
            (b's', b'r') => self.unresolved_name(),
            (b's', b'p') => {
                self.at += 2;
                let pattern = self.operand()?;
                self.node(Kind::Expansion, pattern, NONE)
            }
            (b'f', b'p') => {
                self.at += 2;
                let number =
                    if self.eat(b'T') { 0 } else { self.compact_number()?.checked_add(1)? };
                self.node(Kind::FunctionParameter, number, NONE)
            }
            (b'0'..=b'9', _) | (b'o', b'n') => {
                self.eat_two(b"on"); // So that a conversion isn't one: it is a cast.
                let name = self.unqualified_name(NONE, NONE)?;
                self.with_arguments(name)
            }
            (b'i' | b't', b'l') => {
                let typed = self.peek() == b't';
                self.at += 2;
                let of = if typed { self.type_().unwrap_or(NONE) } else { NONE };
                let list = self.expressions(b'E')?;
                self.node(Kind::Braces, of, list)
            }
            (b'u', _) => {
                self.next();
                let name = self.source_name()?;
                let arguments = self.template_arguments_here()?;
                self.node(Kind::VendorExpression, name, arguments)
            }
            _ => self.operation(),
        }
    }

    /// A name, with template arguments if there are some.
    fn with_arguments(&mut self, name: Id) -> Option<Id> {
        if self.peek() != b'I' {
            return Some(name);
        }
        let arguments = self.template_arguments()?;
        self.node(Kind::Template, name, arguments)
    }

    /// `sr ...`: a name in a scope that depends on template parameters. GNU doesn't mind
    /// a scope that makes no sense.
    fn unresolved_name(&mut self) -> Option<Id> {
        self.at += 2;
        let qualified = matches!(self.peek(), b'0'..=b'9' | b'a'..=b'z' | b'C' | b'L' | b'U');
        let scope = if qualified && self.unresolved != Unresolved::Old {
            self.unresolved = Unresolved::Met;
            let scope = self.nested(|parser| parser.prefix(false));
            self.eat(b'E');
            scope
        } else {
            self.type_()
        };
        let scope = scope.unwrap_or(NONE);
        let name = self.unqualified_name(scope, NONE)?;
        self.with_arguments(name)
    }

    /// Expressions up to a letter.
    fn expressions(&mut self, end: u8) -> Option<Id> {
        let mut list = (NONE, NONE);
        if self.peek() == end {
            list.0 = self.node(Kind::Arguments, NONE, NONE)?;
        }
        while !self.eat(end) {
            let expression = self.operand()?;
            list = self.append(Kind::Arguments, list, expression)?;
        }
        Some(list.0)
    }

    /// An operator and what it applies to.
    fn operation(&mut self) -> Option<Id> {
        let operator = self.operator_name()?;
        let code = self.operator_code(operator);
        if code == *b"st" {
            let of = self.type_()?;
            return self.node(Kind::Unary, operator, of);
        }
        let operands = match self.kind(operator) {
            Kind::Operator => OPERATORS.get(self.a(operator) as usize)?.operands,
            Kind::VendorOperator => self.a(operator) as u8,
            _ => 1,
        };
        match operands {
            0 => self.node(Kind::Nullary, operator, NONE),
            1 => self.unary(operator, code),
            2 => self.binary(operator, code),
            3 => self.ternary(operator, code),
            _ => None,
        }
    }

    fn unary(&mut self, operator: Id, code: [u8; 2]) -> Option<Id> {
        let postfix = matches!(&code, b"pp" | b"mm") && !self.eat(b'_');
        let mut operand = if self.kind(operator) == Kind::Cast && self.eat(b'_') {
            self.expressions(b'E')?
        } else if code == *b"sP" {
            self.template_arguments_here()?
        } else {
            self.operand()?
        };
        if postfix {
            operand = self.node(Kind::Operands, operand, operand)?;
        }
        self.node(Kind::Unary, operator, operand)
    }

    fn binary(&mut self, operator: Id, code: [u8; 2]) -> Option<Id> {
        let left = match &code {
            b"sc" | b"dc" | b"cc" | b"rc" => self.type_()?,
            b"fl" | b"fr" => self.operator_name()?,
            [0, 0] => return None, // A vendor's operator.
            b"di" => self.unqualified_name(NONE, NONE)?,
            _ => self.operand()?,
        };
        let right = match &code {
            b"cl" => self.expressions(b'E')?,
            b"dt" | b"pt" => self.member()?,
            _ => self.operand()?,
        };
        let operands = self.node(Kind::Operands, left, right)?;
        self.node(Kind::Binary, operator, operands)
    }

    /// What follows `.` or `->`.
    fn member(&mut self) -> Option<Id> {
        if self.peek() == b'g' && self.ahead(1) == b's' {
            return self.operand();
        }
        if self.peek() == b's' && self.ahead(1) == b'r' {
            return self.unresolved_name();
        }
        let name = self.unqualified_name(NONE, NONE)?;
        self.with_arguments(name)
    }

    fn ternary(&mut self, operator: Id, code: [u8; 2]) -> Option<Id> {
        let (first, second, third) = match &code {
            b"qu" | b"dX" => (self.operand()?, self.operand()?, self.operand()?),
            b"fL" | b"fR" => (self.operator_name()?, self.operand()?, self.operand()?),
            b"nw" | b"na" => {
                let placement = self.expressions(b'_')?;
                let of = self.type_()?;
                let initializer = if self.eat(b'E') {
                    None
                } else if self.eat_two(b"pi") {
                    self.expressions(b'E')
                } else if self.peek() == b'i' && self.ahead(1) == b'l' {
                    self.operand()
                } else {
                    return None;
                };
                (placement, of, initializer.unwrap_or(NONE))
            }
            _ => return None,
        };
        let rest = self.node(Kind::Operands, second, third)?;
        let operands = self.node(Kind::Operands, first, rest)?;
        self.node(Kind::Ternary, operator, operands)
    }

    /// `L ... E`: a literal or the name of an entity.
    pub(super) fn primary(&mut self) -> Option<Id> {
        self.must(b'L')?;
        let id = if matches!(self.peek(), b'_' | b'Z') {
            self.nested(|parser| parser.mangled_name(false))?
        } else {
            let of = self.type_()?;
            if self.peek() == b'E' && self.is_nullptr(of) {
                of
            } else {
                let kind = if self.eat(b'n') { Kind::NegativeLiteral } else { Kind::Literal };
                let length = self.rest().iter().position(|&c| c == b'E')?;
                let value = self.name_here(length)?;
                self.node(kind, of, value)?
            }
        };
        self.must(b'E')?;
        Some(id)
    }

    fn is_nullptr(&self, of: Id) -> bool {
        self.kind(of) == Kind::Builtin
            && BUILTINS
                .get(self.a(of) as usize)
                .is_some_and(|b| b.name.bytes() == b"decltype(nullptr)")
    }
}
