//! Types and template arguments: from the mangled name to the tree.

use super::parse::{AUTO, DECLTYPE_AUTO, Parser};
use super::tables::{BFLOAT16, VOID, builtin};
use super::{Id, Kind, NONE};

impl Parser<'_> {
    pub(super) fn type_(&mut self) -> Id {
        self.nested(Self::type_here)
    }

    fn type_here(&mut self) -> Id {
        if self.qualifier_follows() {
            return self.qualified_type();
        }
        let c = self.here;
        let id = match c {
            b'F' => self.function_type(),
            b'A' => self.array_type(),
            b'M' => {
                self.next();
                let class = self.type_();
                let member = self.type_();
                self.node(Kind::MemberPointer, class, member)
            }
            b'T' => self.parameter_type(),
            b'S' => return self.substituted_type(),
            b'P' => self.modified(Kind::Pointer),
            b'R' => self.modified(Kind::Reference),
            b'O' => self.modified(Kind::RvalueReference),
            b'C' => self.modified(Kind::Complex),
            b'G' => self.modified(Kind::Imaginary),
            b'U' => {
                self.next();
                let name = self.source_name();
                let name = self.with_arguments(name);
                let of = self.type_();
                self.node(Kind::VendorQualifier, of, name)
            }
            b'u' => {
                self.next();
                let name = self.source_name();
                self.node(Kind::Vendor, name, NONE)
            }
            b'D' => match self.after() {
                b'T' | b't' => {
                    self.pass(2);
                    let of = self.expression();
                    self.must(b'E');
                    self.node(Kind::Decltype, of, NONE)
                }
                b'p' => {
                    self.next();
                    self.modified(Kind::Expansion)
                }
                b'v' => self.vector_type(),
                b'F' => return self.float_n(),
                b'a' => return self.placeholder(AUTO),
                b'c' => return self.placeholder(DECLTYPE_AUTO),
                c => {
                    self.pass(2);
                    return match builtin(c, true) {
                        Some(place) => self.node(Kind::Builtin, place, NONE),
                        None => self.none(),
                    };
                }
            },
            b'0'..=b'9' | b'N' => self.name(),
            _ => match builtin(c, false) {
                Some(place) => {
                    self.next();
                    return self.node(Kind::Builtin, place, NONE);
                }
                None => self.name(),
            },
        };
        self.substitute(id)
    }

    /// A type that is to be deduced.
    fn placeholder(&mut self, text: u32) -> Id {
        self.pass(2);
        self.node(Kind::Fixed, text, NONE)
    }

    /// A letter, and the type that it modifies.
    fn modified(&mut self, kind: Kind) -> Id {
        self.next();
        let of = self.type_();
        self.node(kind, of, NONE)
    }

    fn qualifier_follows(&self) -> bool {
        match self.here {
            b'r' | b'V' | b'K' => true,
            b'D' => matches!(self.after(), b'x' | b'o' | b'O' | b'w'),
            _ => false,
        }
    }

    /// Qualifiers: the outermost, and the innermost, which has no type yet. Both NONE if
    /// there are none. Those of a member function are those of its `this`.
    pub(super) fn qualifiers(&mut self, member: bool) -> (Id, Id) {
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
                        detail = self.parameters();
                        self.must(b'E');
                        Kind::Throw
                    }
                    c => {
                        if c == b'O' {
                            detail = self.expression();
                            self.must(b'E');
                        }
                        Kind::Noexcept
                    }
                },
            };
            let qualifier = self.node(kind, NONE, detail);
            if outer == NONE {
                outer = qualifier;
            } else {
                self.set_a(hole, qualifier);
            }
            hole = qualifier;
        }
        if !member && self.here == b'F' {
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
        (outer, hole)
    }

    fn qualified_type(&mut self) -> Id {
        let (mut outer, hole) = self.qualifiers(false);
        let mut of = if self.here == b'F' { self.function_type() } else { self.type_() };
        // A function's & comes after its const.
        if matches!(self.kind(of), Kind::ReferenceThis | Kind::RvalueReferenceThis) {
            let function = self.a(of);
            self.set_a(of, outer);
            (outer, of) = (of, function);
        }
        self.set_a(hole, of);
        self.substitute(outer)
    }

    /// `R` or `O` after the parameters or before the name of a function.
    pub(super) fn ref_qualifier(&mut self, of: Id) -> Id {
        let kind = match self.here {
            b'R' => Kind::ReferenceThis,
            b'O' => Kind::RvalueReferenceThis,
            _ => return of,
        };
        self.next();
        self.node(kind, of, NONE)
    }

    fn function_type(&mut self) -> Id {
        self.must(b'F');
        self.eat(b'Y'); // extern "C"
        // Not a function, but a ref-qualifier after it: GNU notices when it prints that.
        let function = self.attempt(|parser| parser.bare_function_type(true));
        let function = self.ref_qualifier(function);
        self.must(b'E');
        if function == NONE { self.none() } else { function }
    }

    pub(super) fn bare_function_type(&mut self, returns: bool) -> Id {
        let returns = self.eat(b'J') || returns;
        let result = if returns { self.type_() } else { NONE };
        let parameters = self.parameters();
        self.node(Kind::Function, result, parameters)
    }

    /// Parameter types; there is at least one, which may be void.
    pub(super) fn parameters(&mut self) -> Id {
        let mut list = (NONE, NONE);
        loop {
            match self.here {
                0 | b'E' | b'.' => break,
                b'R' | b'O' if self.after() == b'E' => break,
                _ => {}
            }
            let parameter = self.type_();
            self.append(Kind::Arguments, &mut list, parameter);
        }
        if list.0 == NONE {
            return self.none();
        }
        let only = self.a(list.0);
        if list.0 == list.1 && self.is_builtin(only, VOID) {
            self.set_a(list.0, NONE);
        }
        list.0
    }

    pub(super) fn is_builtin(&self, id: Id, place: u32) -> bool {
        self.kind(id) == Kind::Builtin && self.a(id) == place
    }

    /// `A <dimension> _ <element>`.
    fn array_type(&mut self) -> Id {
        self.must(b'A');
        let dimension = match self.here {
            b'_' => NONE,
            b'0'..=b'9' => self.digits_as_name(),
            _ => self.expression(),
        };
        self.must(b'_');
        let element = self.type_();
        self.node(Kind::Array, dimension, element)
    }

    fn digits_as_name(&mut self) -> Id {
        let length = self.rest().iter().take_while(|c| c.is_ascii_digit()).count();
        self.name_here(length)
    }

    /// `Dv <dimension> _ <element>`.
    fn vector_type(&mut self) -> Id {
        self.pass(2);
        let dimension = if self.eat(b'_') { self.expression() } else { self.number_node() };
        self.must(b'_');
        let element = self.type_();
        self.node(Kind::Vector, dimension, element)
    }

    fn number_node(&mut self) -> Id {
        let number = self.number();
        self.node(Kind::Number, number as u32, NONE)
    }

    /// `DF16b`, `DF <bits> _`, `DF <bits> x`.
    fn float_n(&mut self) -> Id {
        self.pass(2);
        let bits = self.number();
        match self.next() {
            b'b' if bits == 16 => self.node(Kind::Builtin, BFLOAT16, NONE),
            letter @ (b'x' | b'_') => self.node(Kind::FloatN, bits as u32, letter.into()),
            _ => self.none(),
        }
    }

    fn substituted_type(&mut self) -> Id {
        if !matches!(self.after(), b'_' | b'0'..=b'9' | b'A'..=b'Z') {
            let name = self.name();
            // An abbreviation alone has no number, and one with tags has it already.
            let mut bare = name;
            while self.kind(bare) == Kind::Tagged {
                bare = self.a(bare);
            }
            return if self.kind(bare) == Kind::Std { name } else { self.substitute(name) };
        }
        let at = self.at;
        let id = self.substitution(false);
        if matches!(self.kind(id), Kind::Module | Kind::Partition) {
            self.go(at);
            let name = self.name();
            return self.substitute(name);
        }
        if self.here != b'I' {
            return id;
        }
        let template = self.template(id);
        self.substitute(template)
    }

    /// `T <number> _`
    pub(super) fn template_parameter(&mut self) -> Id {
        self.must(b'T');
        let number = self.compact_number();
        self.node(Kind::Parameter, number, NONE)
    }

    /// A template parameter, which may be a template itself.
    fn parameter_type(&mut self) -> Id {
        let parameter = self.template_parameter();
        if self.here != b'I' {
            return parameter;
        }
        if !self.in_conversion {
            self.substitute(parameter);
            return self.template(parameter);
        }
        // `operator T` or `operator T<int>`: the arguments are those of the parameter if
        // others follow them, for the conversion.
        let (at, nodes, substitutions) = (self.at, self.nodes.len(), self.substitutions.len());
        let arguments = self.attempt(Self::template_arguments);
        if self.here == b'I' {
            self.substitute(parameter);
            if arguments == NONE {
                return self.none();
            }
            return self.node(Kind::Template, parameter, arguments);
        }
        self.go(at);
        self.nodes.truncate(nodes);
        self.substitutions.truncate(substitutions);
        parameter
    }

    /// `I <argument>* E`, or `J` for a pack.
    pub(super) fn template_arguments(&mut self) -> Id {
        if !matches!(self.here, b'I' | b'J') {
            return self.none();
        }
        self.next();
        self.template_arguments_here()
    }

    pub(super) fn template_arguments_here(&mut self) -> Id {
        // A constructor is named after the template, not after an argument.
        let last_name = self.last_name;
        let list = self.list(Kind::TemplateArguments, b'E', Self::template_argument);
        if !self.failed {
            self.last_name = last_name;
        }
        list
    }

    /// A template with the arguments that follow.
    pub(super) fn template(&mut self, name: Id) -> Id {
        let arguments = self.template_arguments();
        self.node(Kind::Template, name, arguments)
    }

    /// Likewise, if some follow.
    pub(super) fn with_arguments(&mut self, name: Id) -> Id {
        if self.here == b'I' { self.template(name) } else { name }
    }

    pub(super) fn template_argument(&mut self) -> Id {
        match self.here {
            b'X' => {
                self.next();
                let argument = self.expression();
                self.must(b'E');
                argument
            }
            b'L' => self.primary(),
            b'I' | b'J' => self.nested(Self::template_arguments),
            _ => self.type_(),
        }
    }
}
