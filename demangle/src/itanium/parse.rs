//! From the mangled name to the tree.
//!
//! The grammar is that of the Itanium C++ ABI, chapter 5.1, with what GNU adds to it and
//! without what GNU 2.40 doesn't know yet; functions are named as its productions are.

use super::tables::OPERATORS;
use super::{Id, Kind, NONE, Node, Workspace};
use crate::alloc::vec::Vec;
use crate::{Options, Style};
use core::cell::Cell;

/// Levels of nesting; a name within GNU's limit of length has fewer.
const DEPTH: u32 = 2048;

/// Longest name that GNU takes while its recursion limit is on.
const LENGTH: usize = 1024;

/// Longest name that is taken at all.
const LENGTH_UNLIMITED: usize = 1 << 15;

/// Texts that stand for what isn't spelled in the mangled name.
pub const FIXED: [&str; 5] =
    ["std", "(anonymous namespace)", "string literal", "auto", "decltype(auto)"];
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
        text: name,
        at: 0,
        nodes: &mut work.nodes,
        substitutions: &mut work.substitutions,
        java: options.style == Style::Java,
        verbose: options.verbose && options.style != Style::Java,
        last_name: NONE,
        in_expression: false,
        in_conversion: false,
        unresolved: Unresolved::New,
        depth: 0,
        budget: 0,
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
    text: &'a [u8],
    pub(super) at: usize,
    pub(super) nodes: &'a mut Vec<Node>,
    pub(super) substitutions: &'a mut Vec<Id>,
    java: bool,
    verbose: bool,
    /// What a constructor is named after.
    pub(super) last_name: Id,
    pub(super) in_expression: bool,
    pub(super) in_conversion: bool,
    pub(super) unresolved: Unresolved,
    depth: u32,
    /// Nodes that may still be made, those of abandoned attempts included.
    budget: usize,
}

impl Parser<'_> {
    // Reading.

    /// The letter at a distance, 0 past the end.
    pub(super) fn ahead(&self, distance: usize) -> u8 {
        self.text.get(self.at + distance).copied().unwrap_or(0)
    }

    pub(super) fn peek(&self) -> u8 {
        self.ahead(0)
    }

    /// What is left.
    pub(super) fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The letter here, which is passed unless it is the end.
    pub(super) fn next(&mut self) -> u8 {
        let c = self.peek();
        self.at += usize::from(c != 0);
        c
    }

    pub(super) fn eat(&mut self, c: u8) -> bool {
        let found = self.peek() == c;
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_two(&mut self, two: &[u8; 2]) -> bool {
        let found = self.ahead(0) == two[0] && self.ahead(1) == two[1];
        self.at += 2 * usize::from(found);
        found
    }

    pub(super) fn must(&mut self, c: u8) -> Option<()> {
        self.eat(c).then_some(())
    }

    // The tree.

    pub(super) fn node(&mut self, kind: Kind, a: u32, b: u32) -> Option<Id> {
        self.budget = self.budget.checked_sub(1)?;
        let id = u32::try_from(self.nodes.len()).ok()?;
        self.nodes.push(Node { kind, printing: Cell::new(0), scope: Cell::new(0), a, b });
        Some(id)
    }

    pub(super) fn kind(&self, id: Id) -> Kind {
        self.nodes.get(id as usize).map_or(Kind::Fixed, |node| node.kind)
    }

    pub(super) fn a(&self, id: Id) -> u32 {
        self.nodes.get(id as usize).map_or(NONE, |node| node.a)
    }

    pub(super) fn b(&self, id: Id) -> u32 {
        self.nodes.get(id as usize).map_or(NONE, |node| node.b)
    }

    pub(super) fn set_a(&mut self, id: Id, a: u32) {
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.a = a;
        }
    }

    pub(super) fn set_kind(&mut self, id: Id, kind: Kind) {
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.kind = kind;
        }
    }

    fn set_b(&mut self, id: Id, b: u32) {
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.b = b;
        }
    }

    /// Puts `item` at the end of a list, whose first and last cells are given.
    pub(super) fn append(&mut self, kind: Kind, list: (Id, Id), item: Id) -> Option<(Id, Id)> {
        let cell = self.node(kind, item, NONE)?;
        if list.1 == NONE {
            return Some((cell, cell));
        }
        self.set_b(list.1, cell);
        Some((list.0, cell))
    }

    /// Lets a node stand for the next `S_`.
    pub(super) fn substitute(&mut self, id: Id) -> Id {
        self.substitutions.push(id);
        id
    }

    /// Runs a production one level deeper.
    pub(super) fn nested(&mut self, production: fn(&mut Self) -> Option<Id>) -> Option<Id> {
        if self.depth >= DEPTH {
            return None;
        }
        self.depth += 1;
        let id = production(self);
        self.depth -= 1;
        id
    }

    // Encodings.

    fn top(&mut self) -> Option<Id> {
        self.at = 0;
        self.nodes.clear();
        self.substitutions.clear();
        self.last_name = NONE;
        self.in_expression = false;
        self.in_conversion = false;
        self.depth = 0;
        self.budget = 8 * self.text.len() + 64;
        self.node(Kind::Fixed, 0, 0)?; // NONE
        let tree = match self.text {
            [
                b'_',
                b'G',
                b'L',
                b'O',
                b'B',
                b'A',
                b'L',
                b'_',
                b'_' | b'.' | b'$',
                kind @ (b'I' | b'D'),
                b'_',
                ..,
            ] => {
                self.at = 11;
                self.keyed(*kind)?
            }
            _ => self.mangled_name(true)?,
        };
        (self.at == self.text.len()).then_some(tree)
    }

    /// What follows `_GLOBAL__I_`.
    fn keyed(&mut self, kind: u8) -> Option<Id> {
        let key = if self.eat_two(b"_Z") {
            self.encoding()?
        } else {
            self.name_here(self.text.len() - self.at)?
        };
        self.at = self.text.len();
        let prefix = if kind == b'I' { b'+' } else { b'-' };
        self.node(Kind::Special, key, prefix.into())
    }

    pub(super) fn mangled_name(&mut self, top: bool) -> Option<Id> {
        // Old compilers left the _ out of a name within a name.
        if !self.eat(b'_') && top {
            return None;
        }
        self.must(b'Z')?;
        let mut name = self.encoding()?;
        while top
            && self.peek() == b'.'
            && matches!(self.ahead(1), b'a'..=b'z' | b'_' | b'0'..=b'9')
        {
            name = self.clone_suffix(name)?;
        }
        Some(name)
    }

    fn clone_suffix(&mut self, name: Id) -> Option<Id> {
        let start = self.at;
        self.at += 1;
        while matches!(self.peek(), b'a'..=b'z' | b'0'..=b'9' | b'_') {
            self.at += 1;
        }
        while self.peek() == b'.' && self.ahead(1).is_ascii_digit() {
            self.at += 2;
            while self.peek().is_ascii_digit() {
                self.at += 1;
            }
        }
        let suffix = self.node(Kind::Name, (self.at - start) as u32, start as u32)?;
        self.node(Kind::Clone, name, suffix)
    }

    /// The next `length` bytes as a name.
    pub(super) fn name_here(&mut self, length: usize) -> Option<Id> {
        let name = self.text.get(self.at..self.at.checked_add(length)?)?;
        if name.is_empty() {
            return None;
        }
        // A long one isn't for free: it may be read again and again.
        self.budget = self.budget.checked_sub(length >> 6)?;
        let id = self.node(Kind::Name, length as u32, self.at as u32)?;
        self.at += length;
        Some(id)
    }

    fn encoding(&mut self) -> Option<Id> {
        self.nested(|parser| {
            if matches!(parser.peek(), b'G' | b'T') {
                return parser.special_name();
            }
            let name = parser.name()?;
            if matches!(parser.peek(), 0 | b'E') {
                return Some(name);
            }
            let returns = parser.returns(name);
            let function = parser.bare_function_type(returns)?;
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
    fn special_name(&mut self) -> Option<Id> {
        let group = self.next();
        let mut what = self.next();
        let of = match (group, what) {
            (b'T', b'V' | b'T' | b'I' | b'S' | b'F' | b'J') => self.type_()?,
            (b'T', b'C') => {
                let derived = self.type_()?;
                if self.number() < 0 {
                    return None;
                }
                self.must(b'_')?;
                let base = self.type_()?;
                return self.node(Kind::Construction, base, derived);
            }
            (b'T', b'h' | b'v') => {
                self.call_offset(what)?;
                self.encoding()?
            }
            (b'T', b'c') => {
                for _ in 0..2 {
                    let kind = self.next();
                    self.call_offset(kind)?;
                }
                self.encoding()?
            }
            (b'T', b'H' | b'W') => self.name()?,
            (b'T', b'A') => self.template_argument()?,
            (b'G', b'V') => {
                what = b'G';
                self.name()?
            }
            (b'G', b'R') => {
                let name = self.name()?;
                let number = self.number();
                return self.node(Kind::Temporary, name, number as u32);
            }
            (b'G', b'A') => {
                what = b'a';
                self.encoding()?
            }
            (b'G', b'T') => {
                what = if self.next() == b'n' { b'n' } else { b't' };
                self.encoding()?
            }
            (b'G', b'I') => {
                what = b'i';
                let module = self.module(NONE)?;
                if module == NONE {
                    return None;
                }
                module
            }
            (b'G', b'r') => return self.resource(),
            _ => return None,
        };
        self.node(Kind::Special, of, what.into())
    }

    /// `<call-offset>`: how a thunk adjusts `this`; it isn't printed.
    fn call_offset(&mut self, kind: u8) -> Option<()> {
        match kind {
            b'h' => {}
            b'v' => {
                self.number();
                self.must(b'_')?;
            }
            _ => return None,
        }
        self.number();
        self.must(b'_')
    }

    /// `Gr <length> _ <name>`: a resource of a Java program.
    fn resource(&mut self) -> Option<Id> {
        let length = self.number();
        if length <= 1 {
            return None;
        }
        self.must(b'_')?;
        let name = self.name_here(length as usize - 1)?;
        self.node(Kind::Resource, name, NONE)
    }

    // Names.

    pub(super) fn name(&mut self) -> Option<Id> {
        match self.peek() {
            b'N' => return self.nested_name(),
            b'Z' => return self.local_name(),
            b'U' => return self.unqualified_name(NONE, NONE),
            _ => {}
        }
        let mut scope = NONE;
        let mut module = NONE;
        let mut name = NONE;
        if self.eat_two(b"St") {
            scope = self.node(Kind::Fixed, STD, 0)?;
        }
        if self.peek() == b'S' {
            let found = self.substitution(false)?;
            if matches!(self.kind(found), Kind::Module | Kind::Partition) {
                module = found;
            } else if scope != NONE {
                return None;
            } else {
                name = found;
            }
        }
        let substituted = name != NONE;
        if !substituted {
            name = self.unqualified_name(scope, module)?;
        }
        if self.peek() != b'I' {
            return Some(name);
        }
        if !substituted {
            self.substitute(name);
        }
        let arguments = self.template_arguments()?;
        self.node(Kind::Template, name, arguments)
    }

    /// `N <qualifiers> <prefix> E`.
    fn nested_name(&mut self) -> Option<Id> {
        self.must(b'N')?;
        let (outer, hole) = self.qualifiers(true)?;
        let reference = self.ref_qualifier(NONE)?;
        let name = self.nested(|parser| parser.prefix(true))?;
        self.must(b'E')?;
        let mut whole = name;
        if outer != NONE {
            self.set_a(hole, name);
            whole = outer;
        }
        if reference != NONE {
            self.set_a(reference, whole);
            whole = reference;
        }
        Some(whole)
    }

    /// A chain of qualified names up to an `E`.
    pub(super) fn prefix(&mut self, substitutable: bool) -> Option<Id> {
        let mut name = NONE;
        loop {
            match (self.peek(), self.ahead(1)) {
                (b'D', b'T' | b't') => {
                    if name != NONE {
                        return None;
                    }
                    name = self.type_()?;
                }
                (b'I', _) => {
                    if name == NONE {
                        return None;
                    }
                    let arguments = self.template_arguments()?;
                    name = self.node(Kind::Template, name, arguments)?;
                }
                (b'T', _) => {
                    if name != NONE {
                        return None;
                    }
                    name = self.template_parameter()?;
                }
                // The initializer of a member, in which a lambda is.
                (b'M', _) => {
                    self.next();
                    continue;
                }
                (c, _) => {
                    let mut module = NONE;
                    if c == b'S' {
                        let found = self.substitution(true)?;
                        if matches!(self.kind(found), Kind::Module | Kind::Partition) {
                            module = found;
                        } else if name != NONE {
                            return None;
                        } else {
                            name = found;
                            continue;
                        }
                    }
                    name = self.unqualified_name(name, module)?;
                }
            }
            if self.peek() == b'E' {
                return Some(name);
            }
            if substitutable {
                self.substitute(name);
            }
        }
    }

    pub(super) fn unqualified_name(&mut self, scope: Id, module: Id) -> Option<Id> {
        let module = self.module(module)?;
        let name = match (self.peek(), self.ahead(1)) {
            (b'0'..=b'9', _) => self.source_name(),
            (b'a'..=b'z', _) => self.operator_or_conversion(),
            (b'D', b'C') => self.bindings(),
            (b'C' | b'D', _) => self.special_member(),
            (b'L', _) => self.internal_name(),
            (b'U', b'l') => self.lambda(),
            (b'U', b't') => self.unnamed_type(),
            _ => return None,
        };
        // Where it makes no sense, tags are passed nevertheless: after `sr` that matters.
        let Some(mut name) = name else {
            self.tags(NONE);
            return None;
        };
        if module != NONE {
            name = self.node(Kind::InModule, name, module)?;
        }
        name = self.tags(name)?;
        if scope != NONE {
            name = self.node(Kind::Qualified, scope, name)?;
        }
        Some(name)
    }

    /// An operator, perhaps after `on`; in a name `cv` is a conversion.
    fn operator_or_conversion(&mut self) -> Option<Id> {
        let in_expression = self.in_expression;
        if self.eat_two(b"on") {
            self.in_expression = false;
        }
        let operator = self.operator_name();
        self.in_expression = in_expression;
        let operator = operator?;
        if self.operator_code(operator) != *b"li" {
            return Some(operator);
        }
        let suffix = self.source_name()?;
        self.node(Kind::Unary, operator, suffix)
    }

    /// `L`: a name with internal linkage.
    fn internal_name(&mut self) -> Option<Id> {
        self.next();
        let name = self.source_name()?;
        self.discriminator()?;
        Some(name)
    }

    /// `<module-name>`, continued; the one that was given where there is none.
    fn module(&mut self, mut module: Id) -> Option<Id> {
        while self.eat(b'W') {
            let kind = if self.eat(b'P') { Kind::Partition } else { Kind::Module };
            let name = self.source_name()?;
            module = self.node(kind, module, name)?;
            self.substitute(module);
        }
        Some(module)
    }

    pub(super) fn source_name(&mut self) -> Option<Id> {
        let length = self.number();
        if length <= 0 {
            return None;
        }
        let start = self.at;
        let name = self.name_here(length as usize)?;
        if self.java {
            self.eat(b'$');
        }
        if let Some(
            [b'_', b'G', b'L', b'O', b'B', b'A', b'L', b'_', b'_' | b'.' | b'$', b'N', ..],
        ) = self.text.get(start..start + length as usize)
        {
            self.last_name = self.node(Kind::Fixed, ANONYMOUS, 0)?;
        } else {
            self.last_name = name;
        }
        Some(self.last_name)
    }

    /// An optional `n` and digits; no digits are 0, too many are -1.
    pub(super) fn number(&mut self) -> i32 {
        let negative = self.eat(b'n');
        match self.digits() {
            Some(number) if negative => -number,
            Some(number) => number,
            None => -1,
        }
    }

    fn digits(&mut self) -> Option<i32> {
        let mut number = 0i32;
        while self.peek().is_ascii_digit() {
            let digit = i32::from(self.peek() - b'0');
            number = number.checked_mul(10)?.checked_add(digit)?;
            self.at += 1;
        }
        Some(number)
    }

    /// `_` is 0, `0_` is 1 ...
    pub(super) fn compact_number(&mut self) -> Option<u32> {
        let number = match self.peek() {
            b'_' => 0,
            b'n' => return None,
            _ => self.digits()?.checked_add(1)?,
        };
        self.must(b'_')?;
        Some(number as u32)
    }

    pub(super) fn operator_code(&self, operator: Id) -> [u8; 2] {
        match self.kind(operator) {
            Kind::Operator => OPERATORS.get(self.a(operator) as usize).map_or([0; 2], |op| op.code),
            _ => [0; 2],
        }
    }

    pub(super) fn operator_name(&mut self) -> Option<Id> {
        let code = [self.next(), self.next()];
        match &code {
            [b'v', digit @ b'0'..=b'9'] => {
                let name = self.source_name()?;
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
                self.node(kind, target?, NONE)
            }
            _ => {
                let place = OPERATORS.binary_search_by(|op| op.code.cmp(&code)).ok()?;
                self.node(Kind::Operator, place as u32, NONE)
            }
        }
    }

    /// `<ctor-dtor-name>`.
    fn special_member(&mut self) -> Option<Id> {
        let inherited = self.eat_two(b"CI");
        self.at -= usize::from(inherited);
        let kind = match (if inherited { b'C' } else { self.peek() }, self.ahead(1)) {
            (b'C', b'1'..=b'5') => Kind::Constructor,
            (b'D', b'0' | b'1' | b'2' | b'4' | b'5') => Kind::Destructor,
            _ => return None,
        };
        self.at += 2;
        if inherited {
            self.type_(); // The class it is inherited from becomes the last name.
        }
        if self.last_name == NONE {
            return None;
        }
        self.node(kind, self.last_name, NONE)
    }

    /// `DC <name>+ E`: a structured binding.
    fn bindings(&mut self) -> Option<Id> {
        self.at += 2;
        let mut list = (NONE, NONE);
        loop {
            let name = self.source_name()?;
            list = self.append(Kind::Arguments, list, name)?;
            if self.eat(b'E') {
                return self.node(Kind::Bindings, list.0, NONE);
            }
        }
    }

    fn tags(&mut self, name: Id) -> Option<Id> {
        let last_name = self.last_name;
        let mut tagged = Some(name);
        while self.eat(b'B') {
            let tag = self.source_name();
            tagged = match (tagged, tag) {
                (Some(name), Some(tag)) => self.node(Kind::Tagged, name, tag),
                _ => None,
            };
        }
        self.last_name = last_name;
        tagged
    }

    fn lambda(&mut self) -> Option<Id> {
        self.at += 2;
        let head = self.template_head(true)?;
        let parameters = self.parameters()?;
        self.must(b'E')?;
        let number = self.compact_number()?;
        let number = self.node(Kind::LambdaNumber, number, head)?;
        self.node(Kind::Lambda, parameters, number)
    }

    /// The declared template parameters of a lambda; NONE if there are none. GNU forgets
    /// those that follow a pack.
    fn template_head(&mut self, lambda: bool) -> Option<Id> {
        let mut list = (NONE, NONE);
        while self.peek() == b'T' && matches!(self.ahead(1), b'y' | b'n' | b't' | b'p') {
            let declaration = self.nested(Self::template_declaration)?;
            if !(lambda && self.kind(self.a(list.1)) == Kind::PackDeclaration) {
                list = self.append(Kind::Arguments, list, declaration)?;
            }
        }
        Some(list.0)
    }

    fn template_declaration(&mut self) -> Option<Id> {
        self.must(b'T')?;
        match self.next() {
            b'y' => self.node(Kind::TypeDeclaration, NONE, NONE),
            b'n' => {
                let of = self.type_()?;
                self.node(Kind::ValueDeclaration, of, NONE)
            }
            b't' => {
                let head = self.template_head(false)?;
                if head == NONE {
                    return None;
                }
                self.must(b'E')?;
                self.node(Kind::TemplateDeclaration, head, NONE)
            }
            b'p' => {
                let of = self.nested(Self::template_declaration)?;
                if self.kind(of) == Kind::PackDeclaration {
                    return None;
                }
                self.node(Kind::PackDeclaration, of, NONE)
            }
            _ => None,
        }
    }

    fn unnamed_type(&mut self) -> Option<Id> {
        self.at += 2;
        let number = self.compact_number()?;
        let unnamed = self.node(Kind::Unnamed, number, NONE)?;
        Some(self.substitute(unnamed))
    }

    /// What tells entities of one name apart within a function; it isn't printed.
    fn discriminator(&mut self) -> Option<()> {
        if !self.eat(b'_') {
            return Some(());
        }
        let long = self.eat(b'_');
        let number = self.number();
        if number < 0 {
            return None;
        }
        if long && number >= 10 { self.must(b'_') } else { Some(()) }
    }

    /// `Z <encoding> E <entity>`.
    fn local_name(&mut self) -> Option<Id> {
        self.must(b'Z')?;
        let function = self.encoding()?;
        self.must(b'E')?;
        // What it returns isn't printed here.
        if self.kind(function) == Kind::Encoding {
            let of = self.b(function);
            self.set_a(of, NONE);
        }
        let entity = if self.eat(b's') {
            self.discriminator()?;
            self.node(Kind::Fixed, STRING_LITERAL, 0)?
        } else {
            let argument = if self.eat(b'd') { Some(self.compact_number()?) } else { None };
            let entity = self.name().or(argument.map(|_| NONE))?;
            if entity != NONE && !matches!(self.kind(entity), Kind::Lambda | Kind::Unnamed) {
                self.discriminator()?;
            }
            match argument {
                Some(number) => self.node(Kind::DefaultArgument, entity, number)?,
                None => entity,
            }
        };
        self.node(Kind::Local, function, entity)
    }

    /// `<substitution>`. `qualifying`: another name follows within this one.
    pub(super) fn substitution(&mut self, qualifying: bool) -> Option<Id> {
        self.must(b'S')?;
        let c = self.next();
        if matches!(c, b'_' | b'0'..=b'9' | b'A'..=b'Z') {
            let mut number = 0usize;
            let mut digit = c;
            while digit != b'_' {
                let value = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'A'..=b'Z' => digit - b'A' + 10,
                    _ => return None,
                };
                number = number.checked_mul(36)?.checked_add(value.into())?;
                digit = self.next();
            }
            number += usize::from(c != b'_');
            return self.substitutions.get(number).copied();
        }
        // The constructor of what is abbreviated is named after the template.
        let full = self.verbose || qualifying && matches!(self.peek(), b'C' | b'D');
        if c == b't' {
            return self.node(Kind::Fixed, STD, 0);
        }
        if !matches!(c, b'a' | b'b' | b's' | b'i' | b'o' | b'd') {
            return None;
        }
        self.last_name = self.node(Kind::Std, c.into(), LAST)?;
        let name = self.node(Kind::Std, c.into(), if full { FULL } else { SHORT })?;
        if self.peek() != b'B' {
            return Some(name);
        }
        let tagged = self.tags(name)?;
        Some(self.substitute(tagged))
    }
}
