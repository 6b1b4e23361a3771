//! Types and template arguments: from the mangled name to the tree.

use super::parse::{AUTO, DECLTYPE_AUTO, Parser};
use super::tables::{BUILTINS, SINGLE};
use super::{Id, Kind, NONE};

impl Parser<'_> {
    pub(super) fn type_(&mut self) -> Option<Id> {
        self.nested(Self::type_here)
    }

    fn type_here(&mut self) -> Option<Id> {
        if self.qualifier_follows() {
            return self.qualified_type();
        }
        let c = self.peek();
        let id = match c {
            b'F' => self.function_type()?,
            b'A' => self.array_type()?,
            b'M' => {
                self.next();
                let class = self.type_()?;
                let member = self.type_()?;
                self.node(Kind::MemberPointer, class, member)?
            }
            b'T' => self.parameter_type()?,
            b'S' => return self.substituted_type(),
            b'P' => self.modified(Kind::Pointer)?,
            b'R' => self.modified(Kind::Reference)?,
            b'O' => self.modified(Kind::RvalueReference)?,
            b'C' => self.modified(Kind::Complex)?,
            b'G' => self.modified(Kind::Imaginary)?,
            b'U' => {
                self.next();
                let mut name = self.source_name()?;
                if self.peek() == b'I' {
                    let arguments = self.template_arguments()?;
                    name = self.node(Kind::Template, name, arguments)?;
                }
                let of = self.type_()?;
                self.node(Kind::VendorQualifier, of, name)?
            }
            b'u' => {
                self.next();
                let name = self.source_name()?;
                self.node(Kind::Vendor, name, NONE)?
            }
            b'D' => match self.ahead(1) {
                b'T' | b't' => {
                    self.at += 2;
                    let of = self.expression()?;
                    if self.next() != b'E' {
                        return None;
                    }
                    self.node(Kind::Decltype, of, NONE)?
                }
                b'p' => {
                    self.next();
                    self.modified(Kind::Expansion)?
                }
                b'v' => self.vector_type()?,
                b'F' => return self.float_n(),
                b'a' => return self.placeholder(AUTO),
                b'c' => return self.placeholder(DECLTYPE_AUTO),
                c => {
                    self.at += 2;
                    return self.builtin(c, SINGLE..BUILTINS.len() - 1);
                }
            },
            _ => match self.builtin(c, 0..SINGLE) {
                Some(builtin) => {
                    self.next();
                    return Some(builtin);
                }
                None => self.name()?,
            },
        };
        Some(self.substitute(id))
    }

    fn builtin(&mut self, code: u8, places: core::ops::Range<usize>) -> Option<Id> {
        let place =
            places.into_iter().find(|&i| BUILTINS.get(i).is_some_and(|b| b.code == code))?;
        self.node(Kind::Builtin, place as u32, NONE)
    }

    /// A type that is to be deduced.
    fn placeholder(&mut self, text: u32) -> Option<Id> {
        self.at += 2;
        self.node(Kind::Fixed, text, NONE)
    }

    /// A letter, and the type that it modifies.
    fn modified(&mut self, kind: Kind) -> Option<Id> {
        self.next();
        let of = self.type_()?;
        self.node(kind, of, NONE)
    }

    fn qualifier_follows(&self) -> bool {
        match self.peek() {
            b'r' | b'V' | b'K' => true,
            b'D' => matches!(self.ahead(1), b'x' | b'o' | b'O' | b'w'),
            _ => false,
        }
    }

    /// Qualifiers: the outermost, and the innermost, which has no type yet. Both NONE if
    /// there are none. Those of a member function are those of its `this`.
    pub(super) fn qualifiers(&mut self, member: bool) -> Option<(Id, Id)> {
        let (mut outer, mut hole) = (NONE, NONE);
        while self.qualifier_follows() {
            let mut detail = NONE;
            let kind = match (self.next(), member) {
                (b'r', false) => Kind::Restrict,
                (b'V', false) => Kind::Volatile,
                (b'K', false) => Kind::Const,
                (b'r', true) => Kind::RestrictThis,
                (b'V', true) => Kind::VolatileThis,
                (b'K', true) => Kind::ConstThis,
                _ => match self.next() {
                    b'x' => Kind::TransactionSafe,
                    b'w' => {
                        detail = self.parameters()?;
                        self.must(b'E')?;
                        Kind::Throw
                    }
                    c => {
                        if c == b'O' {
                            detail = self.expression()?;
                            self.must(b'E')?;
                        }
                        Kind::Noexcept
                    }
                },
            };
            let qualifier = self.node(kind, NONE, detail)?;
            if outer == NONE {
                outer = qualifier;
            } else {
                self.set_a(hole, qualifier);
            }
            hole = qualifier;
        }
        if !member && self.peek() == b'F' {
            let mut at = outer;
            while at != NONE {
                let this = match self.kind(at) {
                    Kind::Restrict => Kind::RestrictThis,
                    Kind::Volatile => Kind::VolatileThis,
                    Kind::Const => Kind::ConstThis,
                    kind => kind,
                };
                self.set_kind(at, this);
                at = self.a(at);
            }
        }
        Some((outer, hole))
    }

    fn qualified_type(&mut self) -> Option<Id> {
        let (mut outer, hole) = self.qualifiers(false)?;
        let mut of = if self.peek() == b'F' { self.function_type()? } else { self.type_()? };
        // A function's & comes after its const.
        if matches!(self.kind(of), Kind::ReferenceThis | Kind::RvalueReferenceThis) {
            let function = self.a(of);
            self.set_a(of, outer);
            (outer, of) = (of, function);
        }
        self.set_a(hole, of);
        Some(self.substitute(outer))
    }

    /// `R` or `O` after the parameters or before the name of a function.
    pub(super) fn ref_qualifier(&mut self, of: Id) -> Option<Id> {
        let kind = match self.peek() {
            b'R' => Kind::ReferenceThis,
            b'O' => Kind::RvalueReferenceThis,
            _ => return Some(of),
        };
        self.next();
        self.node(kind, of, NONE)
    }

    fn function_type(&mut self) -> Option<Id> {
        self.must(b'F')?;
        self.eat(b'Y'); // extern "C"
        // Not a function, but a ref-qualifier after it: GNU notices when it prints that.
        let function = self.bare_function_type(true).unwrap_or(NONE);
        let function = self.ref_qualifier(function)?;
        self.must(b'E')?;
        (function != NONE).then_some(function)
    }

    pub(super) fn bare_function_type(&mut self, returns: bool) -> Option<Id> {
        let returns = self.eat(b'J') || returns;
        let result = if returns { self.type_()? } else { NONE };
        let parameters = self.parameters()?;
        self.node(Kind::Function, result, parameters)
    }

    /// Parameter types; there is at least one, which may be void.
    pub(super) fn parameters(&mut self) -> Option<Id> {
        let mut list = (NONE, NONE);
        loop {
            match (self.peek(), self.ahead(1)) {
                (0 | b'E' | b'.', _) | (b'R' | b'O', b'E') => break,
                _ => {}
            }
            let parameter = self.type_()?;
            list = self.append(Kind::Arguments, list, parameter)?;
        }
        if list.0 == NONE {
            return None;
        }
        let only = self.a(list.0);
        if list.0 == list.1 && self.is_builtin(only, b'v') {
            self.set_a(list.0, NONE);
        }
        Some(list.0)
    }

    fn is_builtin(&self, id: Id, code: u8) -> bool {
        let place = self.a(id) as usize;
        self.kind(id) == Kind::Builtin
            && place < SINGLE
            && BUILTINS.get(place).is_some_and(|builtin| builtin.code == code)
    }

    /// `A <dimension> _ <element>`.
    fn array_type(&mut self) -> Option<Id> {
        self.must(b'A')?;
        let dimension = match self.peek() {
            b'_' => NONE,
            b'0'..=b'9' => self.digits_as_name()?,
            _ => self.expression()?,
        };
        self.must(b'_')?;
        let element = self.type_()?;
        self.node(Kind::Array, dimension, element)
    }

    fn digits_as_name(&mut self) -> Option<Id> {
        let length = self.rest().iter().take_while(|c| c.is_ascii_digit()).count();
        self.name_here(length)
    }

    /// `Dv <dimension> _ <element>`.
    fn vector_type(&mut self) -> Option<Id> {
        self.at += 2;
        let dimension = if self.eat(b'_') { self.expression()? } else { self.number_node()? };
        self.must(b'_')?;
        let element = self.type_()?;
        self.node(Kind::Vector, dimension, element)
    }

    fn number_node(&mut self) -> Option<Id> {
        let number = self.number();
        self.node(Kind::Number, number as u32, NONE)
    }

    /// `DF16b`, `DF <bits> _`, `DF <bits> x`.
    fn float_n(&mut self) -> Option<Id> {
        self.at += 2;
        let bits = self.number();
        match self.next() {
            b'b' if bits == 16 => self.node(Kind::Builtin, BUILTINS.len() as u32 - 1, NONE),
            letter @ (b'x' | b'_') => self.node(Kind::FloatN, bits as u32, letter.into()),
            _ => None,
        }
    }

    fn substituted_type(&mut self) -> Option<Id> {
        if !matches!(self.ahead(1), b'_' | b'0'..=b'9' | b'A'..=b'Z') {
            let name = self.name()?;
            // An abbreviation alone has no number, and one with tags has it already.
            let mut bare = name;
            while self.kind(bare) == Kind::Tagged {
                bare = self.a(bare);
            }
            return Some(if self.kind(bare) == Kind::Std { name } else { self.substitute(name) });
        }
        let at = self.at;
        let id = self.substitution(false)?;
        if matches!(self.kind(id), Kind::Module | Kind::Partition) {
            self.at = at;
            let name = self.name()?;
            return Some(self.substitute(name));
        }
        if self.peek() != b'I' {
            return Some(id);
        }
        let arguments = self.template_arguments()?;
        let template = self.node(Kind::Template, id, arguments)?;
        Some(self.substitute(template))
    }

    /// `T <number> _`
    pub(super) fn template_parameter(&mut self) -> Option<Id> {
        self.must(b'T')?;
        let number = self.compact_number()?;
        self.node(Kind::Parameter, number, NONE)
    }

    /// A template parameter, which may be a template itself.
    fn parameter_type(&mut self) -> Option<Id> {
        let parameter = self.template_parameter()?;
        if self.peek() != b'I' {
            return Some(parameter);
        }
        if !self.in_conversion {
            self.substitute(parameter);
            let arguments = self.template_arguments()?;
            return self.node(Kind::Template, parameter, arguments);
        }
        // `operator T` or `operator T<int>`: the arguments are those of the parameter if
        // others follow them, for the conversion.
        let (at, nodes, substitutions) = (self.at, self.nodes.len(), self.substitutions.len());
        let arguments = self.template_arguments();
        if self.peek() == b'I' {
            self.substitute(parameter);
            return self.node(Kind::Template, parameter, arguments?);
        }
        self.at = at;
        self.nodes.truncate(nodes);
        self.substitutions.truncate(substitutions);
        Some(parameter)
    }

    /// `I <argument>* E`, or `J` for a pack.
    pub(super) fn template_arguments(&mut self) -> Option<Id> {
        if !matches!(self.peek(), b'I' | b'J') {
            return None;
        }
        self.next();
        self.template_arguments_here()
    }

    pub(super) fn template_arguments_here(&mut self) -> Option<Id> {
        // A constructor is named after the template, not after an argument.
        let last_name = self.last_name;
        let mut list = (NONE, NONE);
        if self.peek() == b'E' {
            list.0 = self.node(Kind::TemplateArguments, NONE, NONE)?;
        }
        while !self.eat(b'E') {
            let argument = self.template_argument()?;
            list = self.append(Kind::TemplateArguments, list, argument)?;
        }
        self.last_name = last_name;
        Some(list.0)
    }

    pub(super) fn template_argument(&mut self) -> Option<Id> {
        match self.peek() {
            b'X' => {
                self.next();
                let argument = self.expression()?;
                self.must(b'E')?;
                Some(argument)
            }
            b'L' => self.primary(),
            b'I' | b'J' => self.nested(Self::template_arguments),
            _ => self.type_(),
        }
    }
}
