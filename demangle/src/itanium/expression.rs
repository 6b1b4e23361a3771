//! Expressions, as they occur in template arguments, `decltype`, array dimensions and
//! `noexcept`: from the mangled name to the tree.

use super::parse::{Parser, Unresolved};
use super::tables::{NULLPTR, OPERATORS};
use super::{Id, Kind, NONE};

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Id {
        let outer = self.in_expression;
        self.in_expression = true;
        let id = self.operand();
        self.in_expression = outer;
        id
    }

    fn operand(&mut self) -> Id {
        self.nested(Self::operand_here)
    }

    fn operand_here(&mut self) -> Id {
        // After `on` a conversion isn't one: it is a cast.
        if self.eat_two(*b"on") || self.here.is_ascii_digit() {
            let name = self.unqualified_name(NONE, NONE);
            return self.with_arguments(name);
        }
        match self.here {
            b'L' => self.primary(),
            b'T' => self.template_parameter(),
            b's' if self.after() == b'r' => self.unresolved_name(),
            b's' if self.after() == b'p' => {
                self.pass(2);
                let pattern = self.operand();
                self.node(Kind::Expansion, pattern, NONE)
            }
            b'f' if self.after() == b'p' => {
                self.pass(2);
                let number = if self.eat(b'T') { 0 } else { self.compact_number() + 1 };
                self.node(Kind::FunctionParameter, number, NONE)
            }
            b'i' | b't' if self.after() == b'l' => {
                let typed = self.here == b't';
                self.pass(2);
                let of = if typed { self.attempt(Self::type_) } else { NONE };
                let list = self.expressions(b'E');
                self.node(Kind::Braces, of, list)
            }
            b'u' => {
                self.next();
                let name = self.source_name();
                let arguments = self.template_arguments_here();
                self.node(Kind::VendorExpression, name, arguments)
            }
            _ => self.operation(),
        }
    }

    /// `sr ...`: a name in a scope that depends on template parameters. GNU doesn't mind
    /// a scope that makes no sense.
    fn unresolved_name(&mut self) -> Id {
        self.pass(2);
        let qualified = matches!(self.here, b'0'..=b'9' | b'a'..=b'z' | b'C' | b'L' | b'U');
        let scope = if qualified && self.unresolved != Unresolved::Old {
            self.unresolved = Unresolved::Met;
            let scope = self.attempt(|parser| parser.nested(|parser| parser.prefix(false)));
            self.eat(b'E');
            scope
        } else {
            self.attempt(Self::type_)
        };
        let name = self.unqualified_name(scope, NONE);
        self.with_arguments(name)
    }

    /// Expressions up to a letter.
    fn expressions(&mut self, end: u8) -> Id {
        self.list(Kind::Arguments, end, Self::operand)
    }

    /// An operator and what it applies to.
    fn operation(&mut self) -> Id {
        let operator = self.operator_name();
        let code = self.operator_code(operator);
        if code == *b"st" {
            let of = self.type_();
            return self.node(Kind::Unary, operator, of);
        }
        let operands = match self.kind(operator) {
            Kind::Operator => OPERATORS.get(self.a(operator) as usize).map_or(0, |op| op.operands),
            Kind::VendorOperator => self.a(operator) as u8,
            _ => 1,
        };
        match operands {
            0 => self.node(Kind::Nullary, operator, NONE),
            1 => self.unary(operator, code),
            2 => self.binary(operator, code),
            3 => self.ternary(operator, code),
            _ => self.none(),
        }
    }

    fn unary(&mut self, operator: Id, code: [u8; 2]) -> Id {
        let postfix = matches!(&code, b"pp" | b"mm") && !self.eat(b'_');
        let mut operand = if self.kind(operator) == Kind::Cast && self.eat(b'_') {
            self.expressions(b'E')
        } else if code == *b"sP" {
            self.template_arguments_here()
        } else {
            self.operand()
        };
        if postfix {
            operand = self.node(Kind::Operands, operand, operand);
        }
        self.node(Kind::Unary, operator, operand)
    }

    fn binary(&mut self, operator: Id, code: [u8; 2]) -> Id {
        let left = match &code {
            b"sc" | b"dc" | b"cc" | b"rc" => self.type_(),
            b"fl" | b"fr" => self.operator_name(),
            [0, 0] => return self.none(), // A vendor's operator.
            b"di" => self.unqualified_name(NONE, NONE),
            _ => self.operand(),
        };
        let right = match &code {
            b"cl" => self.expressions(b'E'),
            b"dt" | b"pt" => self.member(),
            _ => self.operand(),
        };
        let operands = self.node(Kind::Operands, left, right);
        self.node(Kind::Binary, operator, operands)
    }

    /// What follows `.` or `->`.
    fn member(&mut self) -> Id {
        if self.here == b'g' && self.after() == b's' {
            return self.operand();
        }
        if self.here == b's' && self.after() == b'r' {
            return self.unresolved_name();
        }
        let name = self.unqualified_name(NONE, NONE);
        self.with_arguments(name)
    }

    fn ternary(&mut self, operator: Id, code: [u8; 2]) -> Id {
        let (first, second, third) = match &code {
            b"qu" | b"dX" => (self.operand(), self.operand(), self.operand()),
            b"fL" | b"fR" => (self.operator_name(), self.operand(), self.operand()),
            b"nw" | b"na" => {
                let placement = self.expressions(b'_');
                let of = self.type_();
                let initializer = if self.eat(b'E') {
                    NONE
                } else if self.eat_two(*b"pi") {
                    self.attempt(|parser| parser.expressions(b'E'))
                } else if self.here == b'i' && self.after() == b'l' {
                    self.attempt(Self::operand)
                } else {
                    return self.none();
                };
                (placement, of, initializer)
            }
            _ => return self.none(),
        };
        let rest = self.node(Kind::Operands, second, third);
        let operands = self.node(Kind::Operands, first, rest);
        self.node(Kind::Ternary, operator, operands)
    }

    /// `L ... E`: a literal or the name of an entity.
    pub(super) fn primary(&mut self) -> Id {
        self.must(b'L');
        let id = if matches!(self.here, b'_' | b'Z') {
            self.nested(|parser| parser.mangled_name(false))
        } else {
            let of = self.type_();
            if self.here == b'E' && self.is_builtin(of, NULLPTR) {
                of
            } else {
                let kind = if self.eat(b'n') { Kind::NegativeLiteral } else { Kind::Literal };
                let length = self.rest().iter().position(|&c| c == b'E').unwrap_or(0);
                let value = self.name_here(length);
                self.node(kind, of, value)
            }
        };
        self.must(b'E');
        id
    }
}
