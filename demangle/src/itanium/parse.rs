//! From the mangled name to the tree.
//!
//! The grammar is that of the Itanium C++ ABI, chapter 5.1, with what GNU adds to it and
//! without what GNU 2.40 doesn't know yet; functions are named as its productions are. A
//! production that failed gives [`NONE`] and says so to the [`Cursor`]: from then on the others
//! read nothing, make nothing and change nothing.

use super::tables::OPERATORS;
use super::{Id, Kind, NONE, Node, Workspace};
use crate::alloc::vec::Vec;
use crate::cursor::Cursor;
use crate::{Options, Style, list};
use core::cell::Cell;
use core::ops::{Deref, DerefMut};

/// Levels of nesting; a name within GNU's limit of length has fewer.
const DEPTH: u32 = 2048;

/// Longest name that GNU takes while its recursion limit is on.
const LENGTH: usize = 1024;

/// Longest name that is taken at all.
const LENGTH_UNLIMITED: usize = 1 << 15;

/// Texts that stand for what isn't spelled in the mangled name.
pub const FIXED: &[u8] = list!("std;(anonymous namespace);string literal;auto;decltype(auto)");
const STD: u32 = 0;
const ANONYMOUS: u32 = 1;
const STRING_LITERAL: u32 = 2;
pub const AUTO: u32 = 3;
pub const DECLTYPE_AUTO: u32 = 4;

/// Spellings of an abbreviation: as short as it can be, in full, its own last part.
pub const SHORT: u32 = 0;
pub const FULL: u32 = 1;
pub const LAST: u32 = 2;

/// Parses the whole name; the tree is in the workspace then.
pub fn parse(work: &mut Workspace, name: &[u8], options: &Options) -> Option<Id> {
    let limit = if options.recursion_limit { LENGTH } else { LENGTH_UNLIMITED };
    if name.len() > limit {
        return None;
    }
    let mut parser = Parser {
        cursor: Cursor::new(name, 0),
        nodes: &mut work.nodes,
        substitutions: &mut work.substitutions,
        java: options.style == Style::Java,
        verbose: options.verbose && options.style != Style::Java,
        last_name: NONE,
        in_expression: false,
        in_conversion: false,
        unresolved: Unresolved::New,
    };
    let tree = parser.top();
    if tree.is_none() && parser.unresolved == Unresolved::Met {
        parser.unresolved = Unresolved::Old;
        return parser.top();
    }
    tree
}

/// How `sr` followed by a digit is read: two grammars were in use. A name that met `sr`
/// and makes no sense by the new one is tried by the old one.
#[derive(PartialEq, Eq)]
pub(super) enum Unresolved {
    /// A qualified name, with or without an `E`; none was met yet.
    New,
    /// Likewise, and there was one.
    Met,
    /// A type.
    Old,
}

pub(super) struct Parser<'a> {
    /// Its steps are the nodes that may still be made, those of abandoned attempts included.
    cursor: Cursor<'a>,
    pub(super) nodes: &'a mut Vec<Node>,
    pub(super) substitutions: &'a mut Vec<Id>,
    java: bool,
    verbose: bool,
    /// What a constructor is named after.
    pub(super) last_name: Id,
    pub(super) in_expression: bool,
    pub(super) in_conversion: bool,
    pub(super) unresolved: Unresolved,
}

impl<'a> Deref for Parser<'a> {
    type Target = Cursor<'a>;

    fn deref(&self) -> &Cursor<'a> {
        &self.cursor
    }
}

impl<'a> DerefMut for Parser<'a> {
    fn deref_mut(&mut self) -> &mut Cursor<'a> {
        &mut self.cursor
    }
}

impl Parser<'_> {
    /// What a production gives that failed, and all that follow it.
    pub(super) fn none(&mut self) -> Id {
        self.fail();
        NONE
    }

    /// Runs a production that may fail.
    pub(super) fn attempt(&mut self, production: fn(&mut Self) -> Id) -> Id {
        if self.failed {
            return NONE;
        }
        let id = production(self);
        if self.recover() { NONE } else { id }
    }

    // The tree.

    pub(super) fn node(&mut self, kind: Kind, a: u32, b: u32) -> Id {
        if self.failed || self.steps == 0 {
            return self.none();
        }
        self.steps -= 1;
        self.nodes.push(Node { kind, printing: Cell::new(0), scope: Cell::new(0), a, b });
        self.nodes.len() as Id - 1
    }

    #[inline(never)]
    pub(super) fn kind(&self, id: Id) -> Kind {
        self.nodes.get(id as usize).map_or(Kind::Fixed, |node| node.kind)
    }

    #[inline(never)]
    pub(super) fn a(&self, id: Id) -> u32 {
        self.nodes.get(id as usize).map_or(NONE, |node| node.a)
    }

    pub(super) fn b(&self, id: Id) -> u32 {
        self.nodes.get(id as usize).map_or(NONE, |node| node.b)
    }

    fn node_mut(&mut self, id: Id) -> Option<&mut Node> {
        self.nodes.get_mut(id as usize).filter(|_| !self.cursor.failed)
    }

    pub(super) fn set_a(&mut self, id: Id, a: u32) {
        if let Some(node) = self.node_mut(id) {
            node.a = a;
        }
    }

    pub(super) fn set_kind(&mut self, id: Id, kind: Kind) {
        if let Some(node) = self.node_mut(id) {
            node.kind = kind;
        }
    }

    /// Puts `item` at the end of a list, of which the first and last cells are given.
    pub(super) fn append(&mut self, kind: Kind, list: &mut (Id, Id), item: Id) {
        let cell = self.node(kind, item, NONE);
        if list.0 == NONE {
            list.0 = cell;
        } else if let Some(last) = self.node_mut(list.1) {
            last.b = cell;
        }
        list.1 = cell;
    }

    /// Items up to a letter, as a list.
    pub(super) fn list(&mut self, kind: Kind, end: u8, item: fn(&mut Self) -> Id) -> Id {
        let mut list = (NONE, NONE);
        if self.here == end {
            list.0 = self.node(kind, NONE, NONE);
        }
        while !self.failed && !self.eat(end) {
            let item = item(self);
            self.append(kind, &mut list, item);
        }
        list.0
    }

    /// Lets a node stand for the next `S_`.
    pub(super) fn substitute(&mut self, id: Id) -> Id {
        if !self.failed {
            self.substitutions.push(id);
        }
        id
    }

    /// Runs a production one level deeper.
    pub(super) fn nested(&mut self, production: fn(&mut Self) -> Id) -> Id {
        if self.failed || self.depth >= DEPTH {
            return self.none();
        }
        self.depth += 1;
        let id = production(self);
        self.depth -= 1;
        id
    }

    // Encodings.

    fn top(&mut self) -> Option<Id> {
        self.recover();
        self.go(0);
        self.nodes.clear();
        self.substitutions.clear();
        self.last_name = NONE;
        self.in_expression = false;
        self.in_conversion = false;
        self.depth = 0;
        self.steps = 8 * self.text.len() + 64;
        self.node(Kind::Fixed, 0, 0); // NONE
        let tree = match (global(self.text), self.text.get(10)) {
            (kind @ (b'I' | b'D'), Some(b'_')) => {
                self.pass(11);
                self.keyed(kind)
            }
            _ => self.mangled_name(true),
        };
        (!self.failed && self.at == self.text.len()).then_some(tree)
    }

    /// What follows `_GLOBAL__I_`.
    fn keyed(&mut self, kind: u8) -> Id {
        let key =
            if self.eat_two(*b"_Z") { self.encoding() } else { self.name_here(self.rest().len()) };
        let rest = self.rest().len();
        self.pass(rest);
        let prefix = if kind == b'I' { b'+' } else { b'-' };
        self.node(Kind::Special, key, prefix.into())
    }

    pub(super) fn mangled_name(&mut self, top: bool) -> Id {
        // Old compilers left the _ out of a name within a name.
        if !self.eat(b'_') && top {
            return self.none();
        }
        self.must(b'Z');
        let mut name = self.encoding();
        while top && self.here == b'.' && matches!(self.after(), b'a'..=b'z' | b'_' | b'0'..=b'9') {
            name = self.clone_suffix(name);
        }
        name
    }

    fn clone_suffix(&mut self, name: Id) -> Id {
        let start = self.at;
        self.pass(1);
        while matches!(self.here, b'a'..=b'z' | b'0'..=b'9' | b'_') {
            self.pass(1);
        }
        while self.here == b'.' && self.after().is_ascii_digit() {
            self.pass(2);
            while self.here.is_ascii_digit() {
                self.pass(1);
            }
        }
        let suffix = self.node(Kind::Name, (self.at - start) as u32, start as u32);
        self.node(Kind::Clone, name, suffix)
    }

    /// The next `length` bytes as a name.
    pub(super) fn name_here(&mut self, length: usize) -> Id {
        if length == 0 || length > self.rest().len() {
            return self.none();
        }
        // A long one isn't for free: it may be read again and again.
        self.spend(length >> 6);
        let id = self.node(Kind::Name, length as u32, self.at as u32);
        self.pass(length);
        id
    }

    fn encoding(&mut self) -> Id {
        self.nested(|parser| {
            if matches!(parser.here, b'G' | b'T') {
                return parser.special_name();
            }
            let name = parser.name();
            if matches!(parser.here, 0 | b'E') {
                return name;
            }
            let returns = parser.returns(name);
            let function = parser.bare_function_type(returns);
            parser.node(Kind::Encoding, name, function)
        })
    }

    /// Whether the type of this function begins with what it returns: those of templates
    /// do, but for constructors, destructors and conversions.
    fn returns(&self, mut name: Id) -> bool {
        loop {
            name = match self.kind(name) {
                Kind::Local => self.b(name),
                kind if kind.qualifies_function() => self.a(name),
                Kind::Template => break,
                _ => return false,
            }
        }
        name = self.a(name);
        while matches!(self.kind(name), Kind::Qualified | Kind::Local) {
            name = self.b(name);
        }
        !matches!(self.kind(name), Kind::Constructor | Kind::Destructor | Kind::Conversion)
    }

    /// `<special-name>`: what compilers make beside what the program declares.
    fn special_name(&mut self) -> Id {
        let group = self.next();
        let mut what = self.next();
        let of = match (group, what) {
            (b'T', b'V' | b'T' | b'I' | b'S' | b'F' | b'J') => self.type_(),
            (b'T', b'C') => {
                let derived = self.type_();
                if self.number() < 0 {
                    return self.none();
                }
                self.must(b'_');
                let base = self.type_();
                return self.node(Kind::Construction, base, derived);
            }
            (b'T', b'h' | b'v') => {
                self.call_offset(what);
                self.encoding()
            }
            (b'T', b'c') => {
                for _ in 0..2 {
                    let kind = self.next();
                    self.call_offset(kind);
                }
                self.encoding()
            }
            (b'T', b'H' | b'W') => self.name(),
            (b'T', b'A') => self.template_argument(),
            (b'G', b'V') => {
                what = b'G';
                self.name()
            }
            (b'G', b'R') => {
                let name = self.name();
                let number = self.number();
                return self.node(Kind::Temporary, name, number as u32);
            }
            (b'G', b'A') => {
                what = b'a';
                self.encoding()
            }
            (b'G', b'T') => {
                what = if self.next() == b'n' { b'n' } else { b't' };
                self.encoding()
            }
            (b'G', b'I') => {
                what = b'i';
                let module = self.module(NONE);
                if module == NONE {
                    return self.none();
                }
                module
            }
            (b'G', b'r') => return self.resource(),
            _ => return self.none(),
        };
        self.node(Kind::Special, of, what.into())
    }

    /// `<call-offset>`: how a thunk adjusts `this`; it isn't printed.
    fn call_offset(&mut self, kind: u8) {
        match kind {
            b'h' => {}
            b'v' => {
                self.number();
                self.must(b'_');
            }
            _ => self.fail(),
        }
        self.number();
        self.must(b'_')
    }

    /// `Gr <length> _ <name>`: a resource of a Java program.
    fn resource(&mut self) -> Id {
        let length = self.number();
        if length <= 1 {
            return self.none();
        }
        self.must(b'_');
        let name = self.name_here(length as usize - 1);
        self.node(Kind::Resource, name, NONE)
    }

    // Names.

    pub(super) fn name(&mut self) -> Id {
        match self.here {
            b'N' => return self.nested_name(),
            b'Z' => return self.local_name(),
            b'U' => return self.unqualified_name(NONE, NONE),
            _ => {}
        }
        let mut scope = NONE;
        let mut module = NONE;
        let mut name = NONE;
        if self.eat_two(*b"St") {
            scope = self.node(Kind::Fixed, STD, 0);
        }
        if self.here == b'S' {
            let found = self.substitution(false);
            if matches!(self.kind(found), Kind::Module | Kind::Partition) {
                module = found;
            } else if scope != NONE {
                return self.none();
            } else {
                name = found;
            }
        }
        let substituted = name != NONE;
        if !substituted {
            name = self.unqualified_name(scope, module);
        }
        if self.here != b'I' {
            return name;
        }
        if !substituted {
            self.substitute(name);
        }
        self.template(name)
    }

    /// `N <qualifiers> <prefix> E`.
    fn nested_name(&mut self) -> Id {
        self.must(b'N');
        let (outer, hole) = self.qualifiers(true);
        let reference = self.ref_qualifier(NONE);
        let name = self.nested(|parser| parser.prefix(true));
        self.must(b'E');
        let mut whole = name;
        if outer != NONE {
            self.set_a(hole, name);
            whole = outer;
        }
        if reference != NONE {
            self.set_a(reference, whole);
            whole = reference;
        }
        whole
    }

    /// A chain of qualified names up to an `E`.
    pub(super) fn prefix(&mut self, substitutable: bool) -> Id {
        let mut name = NONE;
        loop {
            match self.here {
                b'D' if matches!(self.after(), b'T' | b't') => {
                    if name != NONE {
                        return self.none();
                    }
                    name = self.type_();
                }
                b'I' => {
                    if name == NONE {
                        return self.none();
                    }
                    name = self.template(name);
                }
                b'T' => {
                    if name != NONE {
                        return self.none();
                    }
                    name = self.template_parameter();
                }
                // The initializer of a member, in which a lambda is.
                b'M' => {
                    self.next();
                    continue;
                }
                c => {
                    let mut module = NONE;
                    if c == b'S' {
                        let found = self.substitution(true);
                        if matches!(self.kind(found), Kind::Module | Kind::Partition) {
                            module = found;
                        } else if name != NONE {
                            return self.none();
                        } else {
                            name = found;
                            continue;
                        }
                    }
                    name = self.unqualified_name(name, module);
                }
            }
            if self.failed || self.here == b'E' {
                return name;
            }
            if substitutable {
                self.substitute(name);
            }
        }
    }

    pub(super) fn unqualified_name(&mut self, scope: Id, module: Id) -> Id {
        let module = if self.here == b'W' { self.module(module) } else { module };
        let mut name = match self.here {
            b'0'..=b'9' => self.source_name(),
            b'a'..=b'z' => self.operator_or_conversion(),
            b'D' if self.after() == b'C' => self.bindings(),
            b'C' | b'D' => self.special_member(),
            b'L' => self.internal_name(),
            b'U' if self.after() == b'l' => self.lambda(),
            b'U' if self.after() == b't' => self.unnamed_type(),
            _ => return self.none(),
        };
        // Where it makes no sense, tags are passed nevertheless: after `sr` that matters.
        if self.recover() {
            self.tags(NONE);
            return self.none();
        }
        if module != NONE {
            name = self.node(Kind::InModule, name, module);
        }
        if self.here == b'B' {
            name = self.tags(name);
        }
        if scope != NONE {
            name = self.node(Kind::Qualified, scope, name);
        }
        name
    }

    /// An operator, perhaps after `on`; in a name `cv` is a conversion.
    fn operator_or_conversion(&mut self) -> Id {
        let in_expression = self.in_expression;
        if self.eat_two(*b"on") {
            self.in_expression = false;
        }
        let operator = self.operator_name();
        self.in_expression = in_expression;
        if self.operator_code(operator) != *b"li" {
            return operator;
        }
        let suffix = self.source_name();
        self.node(Kind::Unary, operator, suffix)
    }

    /// `L`: a name with internal linkage.
    fn internal_name(&mut self) -> Id {
        self.next();
        let name = self.source_name();
        self.discriminator();
        name
    }

    /// `<module-name>`, continued; the one that was given where there is none.
    fn module(&mut self, mut module: Id) -> Id {
        while self.eat(b'W') {
            let kind = if self.eat(b'P') { Kind::Partition } else { Kind::Module };
            let name = self.source_name();
            module = self.node(kind, module, name);
            self.substitute(module);
        }
        module
    }

    pub(super) fn source_name(&mut self) -> Id {
        let length = self.number();
        if length <= 0 {
            return self.none();
        }
        let kind = global(self.rest());
        let mut name = self.name_here(length as usize);
        if self.java {
            self.eat(b'$');
        }
        // Its letter is within the name.
        if kind == b'N' && length >= 10 {
            name = self.node(Kind::Fixed, ANONYMOUS, 0);
        }
        if !self.failed {
            self.last_name = name;
        }
        name
    }

    /// An optional `n` and digits; no digits are 0, too many are -1.
    pub(super) fn number(&mut self) -> i32 {
        let negative = self.eat(b'n');
        match self.digits(i32::MAX as u32) {
            Some(number) if negative => -(number as i32),
            Some(number) => number as i32,
            None => -1,
        }
    }

    /// `_` is 0, `0_` is 1 ...
    pub(super) fn compact_number(&mut self) -> u32 {
        let number = match self.here {
            b'_' => Some(0),
            b'n' => None,
            _ => self
                .digits(i32::MAX as u32)
                .filter(|number| *number < i32::MAX as u32)
                .map(|number| number + 1),
        };
        if number.is_none() {
            self.fail();
        }
        self.must(b'_');
        number.unwrap_or_default()
    }

    pub(super) fn operator_code(&self, operator: Id) -> [u8; 2] {
        match self.kind(operator) {
            Kind::Operator => OPERATORS.get(self.a(operator) as usize).map_or([0; 2], |op| op.code),
            _ => [0; 2],
        }
    }

    pub(super) fn operator_name(&mut self) -> Id {
        let code = [self.next(), self.next()];
        match &code {
            [b'v', digit @ b'0'..=b'9'] => {
                let name = self.source_name();
                self.node(Kind::VendorOperator, u32::from(digit - b'0'), name)
            }
            // In an expression it is a cast; in a name template arguments after the type
            // may be those of the conversion rather than of the type.
            b"cv" => {
                let before = self.in_conversion;
                self.in_conversion = !self.in_expression;
                let target = self.type_();
                let kind = if self.in_conversion { Kind::Conversion } else { Kind::Cast };
                self.in_conversion = before;
                self.node(kind, target, NONE)
            }
            _ => match OPERATORS.iter().position(|op| op.code == code) {
                Some(place) => self.node(Kind::Operator, place as u32, NONE),
                None => self.none(),
            },
        }
    }

    /// `<ctor-dtor-name>`.
    fn special_member(&mut self) -> Id {
        let inherited = self.here == b'C' && self.after() == b'I';
        self.pass(inherited.into());
        let kind = match (if inherited { b'C' } else { self.here }, self.after()) {
            (b'C', b'1'..=b'5') => Kind::Constructor,
            (b'D', b'0' | b'1' | b'2' | b'4' | b'5') => Kind::Destructor,
            _ => return self.none(),
        };
        self.pass(2);
        if inherited {
            self.attempt(Self::type_); // The class it is inherited from becomes the last name.
        }
        if self.last_name == NONE {
            return self.none();
        }
        self.node(kind, self.last_name, NONE)
    }

    /// `DC <name>+ E`: a structured binding.
    fn bindings(&mut self) -> Id {
        self.pass(2);
        if self.here == b'E' {
            return self.none();
        }
        let list = self.list(Kind::Arguments, b'E', Self::source_name);
        self.node(Kind::Bindings, list, NONE)
    }

    fn tags(&mut self, mut name: Id) -> Id {
        let last_name = self.last_name;
        let mut wrong = false;
        while self.eat(b'B') {
            let tag = self.source_name();
            if !wrong {
                name = self.node(Kind::Tagged, name, tag);
            }
            wrong |= self.recover();
        }
        self.last_name = last_name;
        if wrong { self.none() } else { name }
    }

    fn lambda(&mut self) -> Id {
        self.pass(2);
        let head = self.template_head(true);
        let parameters = self.parameters();
        self.must(b'E');
        let number = self.compact_number();
        let number = self.node(Kind::LambdaNumber, number, head);
        self.node(Kind::Lambda, parameters, number)
    }

    /// The declared template parameters of a lambda; NONE if there are none. GNU forgets
    /// those that follow a pack.
    fn template_head(&mut self, lambda: bool) -> Id {
        let mut list = (NONE, NONE);
        while self.here == b'T' && matches!(self.after(), b'y' | b'n' | b't' | b'p') {
            let declaration = self.nested(Self::template_declaration);
            if !(lambda && self.kind(self.a(list.1)) == Kind::PackDeclaration) {
                self.append(Kind::Arguments, &mut list, declaration);
            }
        }
        list.0
    }

    fn template_declaration(&mut self) -> Id {
        self.must(b'T');
        match self.next() {
            b'y' => self.node(Kind::TypeDeclaration, NONE, NONE),
            b'n' => {
                let of = self.type_();
                self.node(Kind::ValueDeclaration, of, NONE)
            }
            b't' => {
                let head = self.template_head(false);
                if head == NONE {
                    return self.none();
                }
                self.must(b'E');
                self.node(Kind::TemplateDeclaration, head, NONE)
            }
            b'p' => {
                let of = self.nested(Self::template_declaration);
                if self.kind(of) == Kind::PackDeclaration {
                    return self.none();
                }
                self.node(Kind::PackDeclaration, of, NONE)
            }
            _ => self.none(),
        }
    }

    fn unnamed_type(&mut self) -> Id {
        self.pass(2);
        let number = self.compact_number();
        let unnamed = self.node(Kind::Unnamed, number, NONE);
        self.substitute(unnamed)
    }

    /// What tells entities of one name apart within a function; it isn't printed.
    fn discriminator(&mut self) {
        if !self.eat(b'_') {
            return;
        }
        let long = self.eat(b'_');
        let number = self.number();
        if number < 0 {
            self.fail()
        } else if long && number >= 10 {
            self.must(b'_')
        }
    }

    /// `Z <encoding> E <entity>`.
    fn local_name(&mut self) -> Id {
        self.must(b'Z');
        let function = self.encoding();
        self.must(b'E');
        // What it returns isn't printed here.
        if self.kind(function) == Kind::Encoding {
            let of = self.b(function);
            self.set_a(of, NONE);
        }
        let entity = if self.eat(b's') {
            self.discriminator();
            self.node(Kind::Fixed, STRING_LITERAL, 0)
        } else {
            let default = self.eat(b'd');
            let number = if default { self.compact_number() } else { 0 };
            let entity = if default { self.attempt(Self::name) } else { self.name() };
            if entity != NONE && !matches!(self.kind(entity), Kind::Lambda | Kind::Unnamed) {
                self.discriminator();
            }
            if default { self.node(Kind::DefaultArgument, entity, number) } else { entity }
        };
        self.node(Kind::Local, function, entity)
    }

    /// `<substitution>`. `qualifying`: another name follows within this one.
    pub(super) fn substitution(&mut self, qualifying: bool) -> Id {
        self.must(b'S');
        let c = self.next();
        if matches!(c, b'_' | b'0'..=b'9' | b'A'..=b'Z') {
            let mut number = 0usize;
            let mut digit = c;
            while digit != b'_' {
                let value = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'A'..=b'Z' => digit - b'A' + 10,
                    _ => return self.none(),
                };
                let more = number.checked_mul(36).and_then(|n| n.checked_add(value.into()));
                let Some(more) = more else { return self.none() };
                number = more;
                digit = self.next();
            }
            number += usize::from(c != b'_');
            return match self.substitutions.get(number) {
                Some(id) => *id,
                None => self.none(),
            };
        }
        // The constructor of what is abbreviated is named after the template.
        let full = self.verbose || qualifying && matches!(self.here, b'C' | b'D');
        if c == b't' {
            return self.node(Kind::Fixed, STD, 0);
        }
        if !matches!(c, b'a' | b'b' | b's' | b'i' | b'o' | b'd') {
            return self.none();
        }
        self.last_name = self.node(Kind::Std, c.into(), LAST);
        let name = self.node(Kind::Std, c.into(), if full { FULL } else { SHORT });
        if self.here != b'B' {
            return name;
        }
        let tagged = self.tags(name);
        self.substitute(tagged)
    }
}

/// The letter that says what `_GLOBAL_` at the start of a name is about, 0 without that.
fn global(name: &[u8]) -> u8 {
    match name.strip_prefix(b"_GLOBAL_") {
        Some([b'_' | b'.' | b'$', kind, ..]) => *kind,
        _ => 0,
    }
}
