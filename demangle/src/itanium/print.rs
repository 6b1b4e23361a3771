//! From the tree to C++ (or Java) as GNU writes it.
//!
//! A declarator lies around its type: of a pointer to a function the `*` comes between
//! what is returned and the parameters. So modifiers wait in a list ([`Mod`]) until
//! something prints them: a function or an array in the midst of itself, and otherwise
//! whoever put them there, after the type.

use super::parse::{FIXED, FULL, SHORT};
use super::tables::{BUILTINS, Literal, OPERATORS, java_name, literal, operator_name};
use super::{Id, Kind, NONE, Node, Workspace};
use crate::alloc::vec::Vec;
use crate::{Options, Output, Style};
use core::cell::Cell;

/// Levels of nesting; GNU gives up beyond them even without its recursion limit.
const DEPTH: u32 = 1024;

/// Nodes that are printed or looked at, at most: substitutions can stand for more than
/// can be printed in a lifetime.
const STEPS: u32 = 1 << 18;

/// Prints a tree.
pub fn print(
    work: &mut Workspace,
    text: &[u8],
    options: &Options,
    top: Id,
    out: &mut Output,
) -> Option<()> {
    work.scopes.clear();
    work.scopes.extend([(NONE, NO_SCOPE); 2]); // NOWHERE, NO_SCOPE
    let mut printer = Printer {
        text,
        nodes: &work.nodes,
        scopes: &mut work.scopes,
        out,
        java: options.style == Style::Java,
        postfix: options.style == Style::Java,
        pack: 0,
        in_lambda: false,
        head: NONE,
        declared: 0,
        template: NONE,
        depth: 0,
        steps: STEPS,
    };
    printer.print(top, NO_SCOPE, None);
    (!printer.out.failed).then_some(())
}

/// A place in `scopes`: the innermost template whose arguments template parameters stand
/// for.
type Scope = u32;
const NOWHERE: Scope = 0;
const NO_SCOPE: Scope = 1;

/// Scopes that are remembered, at most.
const SCOPES: usize = 1 << 14;

/// A modifier, or the name of a function, that waits to be printed.
struct Mod<'m> {
    node: Id,
    scope: Scope,
    printed: Cell<bool>,
    next: Mods<'m>,
}

type Mods<'m> = Option<&'m Mod<'m>>;

impl<'m> Mod<'m> {
    fn new(node: Id, scope: Scope, next: Mods<'m>) -> Self {
        Mod { node, scope, printed: Cell::new(false), next }
    }
}

struct Printer<'a> {
    text: &'a [u8],
    nodes: &'a [Node],
    scopes: &'a mut Vec<(Id, Scope)>,
    out: &'a mut Output,
    java: bool,
    /// Java: what a function returns is printed after it, unless it is within another one.
    postfix: bool,
    /// Which element of a pack is printed; all of them if negative.
    pack: i32,
    in_lambda: bool,
    /// The template parameters that a lambda declares, and how many of them so far.
    head: Id,
    declared: u32,
    /// The innermost template that is being printed.
    template: Id,
    depth: u32,
    steps: u32,
}

impl Printer<'_> {
    fn kind(&self, id: Id) -> Kind {
        self.nodes.get(id as usize).map_or(Kind::Fixed, |node| node.kind)
    }

    fn a(&self, id: Id) -> u32 {
        self.nodes.get(id as usize).map_or(NONE, |node| node.a)
    }

    fn b(&self, id: Id) -> u32 {
        self.nodes.get(id as usize).map_or(NONE, |node| node.b)
    }

    fn printing(&self, id: Id) -> u8 {
        self.nodes.get(id as usize).map_or(0, |node| node.printing.get())
    }

    /// Gives the name up: from here on nothing is printed, and nothing goes deeper. So nobody
    /// has to ask after each part whether that was right.
    fn fail(&mut self) {
        self.out.failed = true;
    }

    fn require(&mut self, done: Option<()>) {
        self.out.failed |= done.is_none();
    }

    fn step(&mut self) {
        let left = self.steps.checked_sub(1);
        self.require(left.map(drop));
        self.steps = left.unwrap_or(0);
    }

    #[inline(always)]
    fn put(&mut self, text: &str) {
        self.out.add(text.as_bytes())
    }

    fn number(&mut self, number: i64) {
        self.out.number(number);
    }

    fn print(&mut self, id: Id, scope: Scope, mods: Mods) {
        let nodes = self.nodes;
        let Some(node) = nodes.get(id as usize) else { return self.fail() };
        if id == NONE || node.printing.get() > 1 || self.depth > DEPTH {
            return self.fail();
        }
        self.step();
        if self.out.failed {
            return;
        }
        node.printing.set(node.printing.get() + 1);
        self.depth += 1;
        self.node(id, node, scope, mods);
        self.depth -= 1;
        node.printing.set(node.printing.get() - 1);
    }

    fn print_if(&mut self, id: Id, scope: Scope, mods: Mods) {
        if id != NONE {
            self.print(id, scope, mods)
        }
    }

    fn node(&mut self, id: Id, node: &Node, scope: Scope, mods: Mods) {
        let (a, b) = (node.a, node.b);
        match node.kind {
            Kind::Name => self.name(a, b),
            Kind::Fixed => self.put(FIXED.get(a as usize).copied().unwrap_or_default()),
            Kind::Std => self.put(std_name(a as u8, b)),
            Kind::Qualified | Kind::Local => {
                self.print(a, scope, mods);
                self.separator();
                let entity = self.default_argument(b);
                self.print(entity, scope, mods)
            }
            Kind::Tagged => {
                self.print(a, scope, mods);
                self.put("[abi:");
                self.print(b, scope, mods);
                self.put("]")
            }
            Kind::Module | Kind::Partition => {
                self.print_if(a, scope, mods);
                if node.kind == Kind::Partition {
                    self.put(":");
                } else if a != NONE {
                    self.put(".");
                }
                self.print(b, scope, mods)
            }
            Kind::InModule => {
                self.print(a, scope, mods);
                self.put("@");
                self.print(b, scope, mods)
            }
            Kind::Bindings => {
                self.put("[");
                self.print(a, scope, mods);
                self.put("]")
            }
            Kind::Constructor => self.print(a, scope, mods),
            Kind::Destructor => {
                self.put("~");
                self.print(a, scope, mods)
            }
            Kind::Operator => {
                let name = operator_name(a);
                let name = name.strip_suffix(b" ").unwrap_or(name);
                self.put("operator");
                if name.first().is_some_and(u8::is_ascii_lowercase) {
                    self.put(" ");
                }
                self.out.add(name)
            }
            Kind::VendorOperator => {
                self.put("operator ");
                self.print(b, scope, mods)
            }
            Kind::Conversion => {
                self.put("operator ");
                self.conversion(a, scope, mods)
            }
            Kind::Lambda => self.lambda(a, b, scope, mods),
            Kind::Unnamed => {
                self.put("{unnamed type#");
                self.number(i64::from(a) + 1);
                self.put("}")
            }
            Kind::Clone => {
                self.print(a, scope, mods);
                self.put(" [clone ");
                self.print(b, scope, mods);
                self.put("]")
            }
            Kind::Special => {
                self.put(special(b as u8));
                self.print(a, scope, mods)
            }
            Kind::Construction => {
                self.put("construction vtable for ");
                self.print(a, scope, mods);
                self.put("-in-");
                self.print(b, scope, mods)
            }
            Kind::Temporary => {
                self.put("reference temporary #");
                self.number((b as i32).into());
                self.put(" for ");
                self.print(a, scope, mods)
            }
            Kind::Resource => {
                let done = self.resource(a);
                self.require(done)
            }
            Kind::Encoding => {
                let done = self.encoding(a, b, scope);
                self.require(done)
            }
            Kind::Template => self.template(id, a, b, scope),
            Kind::Arguments | Kind::TemplateArguments => self.list(id, scope, mods),
            Kind::Parameter => self.parameter(a, scope, mods),
            Kind::TypeDeclaration
            | Kind::ValueDeclaration
            | Kind::TemplateDeclaration
            | Kind::PackDeclaration => self.declaration(id, scope, mods),
            Kind::Builtin => self.builtin(a),
            Kind::FloatN => {
                self.put("_Float");
                self.number((a as i32).into());
                self.put(if b as u8 == b'x' { "x" } else { "" })
            }
            Kind::Vendor => self.print(a, scope, mods),
            Kind::Function => self.function(id, scope, mods),
            Kind::Array => {
                let done = self.array(id, scope, mods);
                self.require(done)
            }
            Kind::Decltype => {
                self.put("decltype (");
                self.print(a, scope, mods);
                self.put(")")
            }
            Kind::Expansion => self.expansion(a, scope, mods),
            Kind::Restrict | Kind::Volatile | Kind::Const => {
                // An array hands its qualifiers on to its elements, which may have them.
                let mut waiting = mods;
                while let Some(outer) = waiting {
                    let kind = self.kind(outer.node);
                    if !outer.printed.get() {
                        if !kind.is_cv() {
                            break;
                        }
                        if kind == node.kind {
                            return self.print(a, scope, mods);
                        }
                    }
                    waiting = outer.next;
                }
                self.modified(id, a, scope, mods)
            }
            Kind::Reference | Kind::RvalueReference => self.reference(id, scope, mods),
            Kind::MemberPointer | Kind::Vector => self.modified(id, b, scope, mods),
            Kind::Pointer
            | Kind::Complex
            | Kind::Imaginary
            | Kind::VendorQualifier
            | Kind::RestrictThis
            | Kind::VolatileThis
            | Kind::ConstThis
            | Kind::ReferenceThis
            | Kind::RvalueReferenceThis
            | Kind::TransactionSafe
            | Kind::Noexcept
            | Kind::Throw => self.modified(id, a, scope, mods),
            Kind::Number => self.number((a as i32).into()),
            Kind::Literal | Kind::NegativeLiteral => self.literal(node, scope, mods),
            Kind::FunctionParameter if a == 0 => self.put("this"),
            Kind::FunctionParameter => {
                self.put("{parm#");
                self.number(a.into());
                self.put("}")
            }
            Kind::Nullary => self.operator(a, scope, mods),
            Kind::Unary => self.unary(a, b, scope, mods),
            Kind::Binary => self.binary(a, b, scope, mods),
            Kind::Ternary => self.ternary(a, b, scope, mods),
            Kind::Braces => {
                self.print_if(a, scope, mods);
                self.put("{");
                self.print(b, scope, mods);
                self.put("}")
            }
            Kind::VendorExpression => {
                self.print(a, scope, mods);
                self.put("(");
                self.print(b, scope, mods);
                self.put(")")
            }
            // Only parts of other nodes.
            Kind::DefaultArgument | Kind::LambdaNumber | Kind::Operands | Kind::Cast => self.fail(),
        }
    }

    // Names.

    fn name(&mut self, length: u32, start: u32) {
        let (length, start) = (length as usize, start as usize);
        let name = self.text.get(start..start + length).unwrap_or_default();
        if self.java { self.java_name(name) } else { self.out.add(name) }
    }

    fn separator(&mut self) {
        self.put(if self.java { "." } else { "::" })
    }

    /// Prints which default argument an entity is local to, if it is, and gives the entity.
    fn default_argument(&mut self, id: Id) -> Id {
        if self.kind(id) != Kind::DefaultArgument {
            return id;
        }
        self.put("{default arg#");
        self.number(i64::from(self.b(id)) + 1);
        self.put("}::");
        self.a(id)
    }

    /// A template's arguments, in a list of their own: what waits belongs to the whole.
    fn template(&mut self, id: Id, name: Id, arguments: Id, scope: Scope) {
        let outer = self.template;
        self.template = id;
        if self.java && self.kind(name) == Kind::Name && self.is_named(name, b"JArray") {
            self.print(arguments, scope, None);
            self.put("[]");
        } else {
            self.print(name, scope, None);
            self.angle_brackets(arguments, scope, None);
        }
        self.template = outer;
    }

    /// `<arguments>`, without running into another `<` or `>`.
    fn angle_brackets(&mut self, arguments: Id, scope: Scope, mods: Mods) {
        self.put(if self.out.last() == b'<' { " <" } else { "<" });
        self.print(arguments, scope, mods);
        self.put(if self.out.last() == b'>' { " >" } else { ">" })
    }

    fn is_named(&self, id: Id, name: &[u8]) -> bool {
        let (length, start) = (self.a(id) as usize, self.b(id) as usize);
        self.text.get(start..start + length) == Some(name)
    }

    /// The target of a conversion: template parameters in it are those of the template
    /// that the conversion is.
    fn conversion(&mut self, target: Id, scope: Scope, mods: Mods) {
        let inner = if self.template != NONE { self.enter(self.template, scope) } else { scope };
        if self.kind(target) != Kind::Template {
            return self.print(target, inner, mods);
        }
        self.print(self.a(target), inner, mods);
        // The arguments are outside.
        self.angle_brackets(self.b(target), scope, mods)
    }

    fn lambda(&mut self, parameters: Id, number: Id, scope: Scope, mods: Mods) {
        let outer = (self.head, self.declared, self.in_lambda);
        (self.head, self.declared, self.in_lambda) = (self.b(number), 0, true);
        self.put(if self.head == NONE { "{lambda" } else { "{lambda<" });
        let mut cell = self.head;
        while cell != NONE {
            self.put(if self.declared > 0 { ", " } else { "" });
            let declaration = self.a(cell);
            self.print(declaration, scope, mods);
            self.put(" ");
            self.declared_name(declaration, self.declared);
            self.declared += 1;
            cell = self.b(cell);
        }
        self.put(if self.head == NONE { "(" } else { ">(" });
        self.print(parameters, scope, mods);
        self.put(")#");
        (self.head, self.declared, self.in_lambda) = outer;
        self.number(i64::from(self.a(number)) + 1);
        self.put("}")
    }

    /// What kind of template parameter a lambda declares.
    fn declaration(&mut self, id: Id, scope: Scope, mods: Mods) {
        let pack = self.kind(id) == Kind::PackDeclaration;
        let what = if pack { self.a(id) } else { id };
        match self.kind(what) {
            Kind::TypeDeclaration => self.put("typename"),
            Kind::ValueDeclaration => self.print(self.a(what), scope, mods),
            Kind::TemplateDeclaration => {
                self.put("template<");
                self.print(self.a(what), scope, mods);
                self.put("> class");
            }
            _ => return self.fail(),
        }
        self.put(if pack { "..." } else { "" })
    }

    /// They have no names: `$T0`, `$N1`, `$TT2`.
    fn declared_name(&mut self, id: Id, place: u32) {
        let id = if self.kind(id) == Kind::PackDeclaration { self.a(id) } else { id };
        self.put(match self.kind(id) {
            Kind::TypeDeclaration => "$T",
            Kind::ValueDeclaration => "$N",
            _ => "$TT",
        });
        self.number(place.into())
    }

    // Templates.

    /// The scope of a template's arguments.
    fn enter(&mut self, template: Id, outer: Scope) -> Scope {
        if self.scopes.len() >= SCOPES {
            self.fail();
            return outer;
        }
        let scope = self.scopes.len() as u32;
        self.scopes.push((template, outer));
        scope
    }

    fn template_of(&self, scope: Scope) -> (Id, Scope) {
        self.scopes.get(scope as usize).copied().unwrap_or((NONE, NO_SCOPE))
    }

    /// What a template parameter stands for; in a pack, its element that is printed; or NONE.
    fn argument(&mut self, number: u32, scope: Scope) -> Id {
        let argument = self.whole_argument(number, scope);
        if self.kind(argument) == Kind::TemplateArguments {
            return self.element(argument, self.pack);
        }
        argument
    }

    /// What a template parameter stands for, packs as such; or NONE.
    fn whole_argument(&mut self, number: u32, scope: Scope) -> Id {
        match self.template_of(scope).0 {
            NONE => NONE,
            template => self.element(self.b(template), number as i32),
        }
    }

    /// An element of a list; or NONE.
    fn element(&mut self, list: Id, number: i32) -> Id {
        if number < 0 {
            return list;
        }
        let Some(steps) = self.steps.checked_sub(number as u32 >> 3) else { return NONE };
        self.steps = steps;
        let mut cell = list;
        for _ in 0..number {
            if cell == NONE {
                break;
            }
            cell = self.b(cell);
        }
        if cell == NONE { NONE } else { self.a(cell) }
    }

    fn parameter(&mut self, number: u32, scope: Scope, mods: Mods) {
        if self.in_lambda {
            if number < self.declared {
                let declaration = self.element(self.head, number as i32);
                return self.declared_name(declaration, number);
            }
            self.put("auto:");
            return self.number(i64::from(number) + 1);
        }
        let argument = self.argument(number, scope);
        // The argument itself may be a parameter of a template further out.
        let outer = self.template_of(scope).1;
        self.print(argument, outer, mods)
    }

    fn expansion(&mut self, pattern: Id, scope: Scope, mods: Mods) {
        let pack = if self.in_lambda { NONE } else { self.find_pack(pattern, scope) };
        if pack == NONE {
            // Of function parameters: how many isn't known.
            self.subexpression(pattern, scope, mods);
            return self.put("...");
        }
        let length = self.pack_length(pack);
        for i in 0..length {
            if i > 0 {
                self.put(", ");
            }
            self.pack = i;
            self.print(pattern, scope, mods);
        }
    }

    fn pack_length(&mut self, pack: Id) -> i32 {
        let (mut cell, mut length) = (pack, 0);
        while self.kind(cell) == Kind::TemplateArguments && self.a(cell) != NONE && !self.out.failed
        {
            self.step();
            length += 1;
            cell = self.b(cell);
        }
        length
    }

    /// The first pack that a pattern refers to, or NONE.
    fn find_pack(&mut self, id: Id, scope: Scope) -> Id {
        self.step();
        if self.out.failed {
            return NONE;
        }
        let (a, b) = (self.a(id), self.b(id));
        let (first, second) = match self.kind(id) {
            Kind::Parameter => {
                if scope == NO_SCOPE {
                    self.fail();
                }
                let argument = self.whole_argument(a, scope);
                let pack = self.kind(argument) == Kind::TemplateArguments;
                return if pack { argument } else { NONE };
            }
            Kind::Name
            | Kind::Fixed
            | Kind::Std
            | Kind::Tagged
            | Kind::Operator
            | Kind::Lambda
            | Kind::Unnamed
            | Kind::DefaultArgument
            | Kind::Builtin
            | Kind::FloatN
            | Kind::Expansion
            | Kind::FunctionParameter
            | Kind::Number => return NONE,
            Kind::VendorOperator => (b, NONE),
            _ => (a, b),
        };
        if self.depth > DEPTH {
            self.fail();
        }
        self.depth += 1;
        let mut pack = NONE;
        for child in [first, second] {
            if pack == NONE && child != NONE {
                pack = self.find_pack(child, scope);
            }
        }
        self.depth -= 1;
        pack
    }

    /// A list with commas; an empty pack at its end takes its comma with it.
    fn list(&mut self, id: Id, scope: Scope, mods: Mods) {
        let depth = self.depth;
        self.print_if(self.a(id), scope, mods);
        let mut end = self.out.len();
        let mut cell = self.b(id);
        while cell != NONE {
            self.step();
            self.depth += 1;
            if self.depth > DEPTH {
                return self.fail();
            }
            self.put(", ");
            let before = self.out.len();
            self.print_if(self.a(cell), scope, mods);
            if self.out.len() > before {
                end = self.out.len();
            }
            cell = self.b(cell);
        }
        self.out.truncate(end);
        self.depth = depth;
    }

    // Types.

    fn builtin(&mut self, place: u32) {
        if self.java
            && let Some(name) = java_name(place)
        {
            return self.put(name);
        }
        self.out.add(BUILTINS.get(place as usize).map_or(b"", |builtin| builtin.name.bytes()))
    }

    /// A modifier around a type, which may print it.
    fn modified(&mut self, id: Id, inner: Id, scope: Scope, mods: Mods) {
        let waiting = Mod::new(id, scope, mods);
        self.print(inner, scope, Some(&waiting));
        if waiting.printed.get() {
            return;
        }
        self.modifier(id, scope, Some(&waiting))
    }

    /// A reference; to a reference that a template parameter stands for it is one still.
    fn reference(&mut self, id: Id, scope: Scope, mods: Mods) {
        let mut scope = scope;
        let mut to = self.a(id);
        let (mut whole, mut inner) = (id, to);
        if !self.in_lambda && self.kind(to) == Kind::Parameter {
            // Where it was met first its scope is that of its argument, unless it is met
            // again within itself.
            let Some(Node { scope: saved, .. }) = self.nodes.get(to as usize) else { return };
            if saved.get() == NOWHERE {
                saved.set(scope);
            } else if self.printing(to) == 0 && self.printing(id) < 2 {
                scope = saved.get();
            }
            to = self.argument(self.a(to), scope);
            if to == NONE {
                return self.fail();
            }
        }
        if self.kind(to) == Kind::Reference || self.kind(to) == self.kind(id) {
            (whole, inner) = (to, self.a(to));
        } else if self.kind(to) == Kind::RvalueReference {
            inner = self.a(to);
        }
        self.modified(whole, inner, scope, mods)
    }

    /// One modifier.
    fn modifier(&mut self, id: Id, scope: Scope, mods: Mods) {
        let (a, b) = (self.a(id), self.b(id));
        match self.kind(id) {
            Kind::Restrict | Kind::RestrictThis => self.put(" restrict"),
            Kind::Volatile | Kind::VolatileThis => self.put(" volatile"),
            Kind::Const | Kind::ConstThis => self.put(" const"),
            Kind::TransactionSafe => self.put(" transaction_safe"),
            kind @ (Kind::Noexcept | Kind::Throw) => {
                self.put(if kind == Kind::Throw { " throw" } else { " noexcept" });
                if b == NONE {
                    return;
                }
                self.put("(");
                self.print(b, scope, mods);
                self.put(")")
            }
            Kind::VendorQualifier => {
                self.put(" ");
                self.print(b, scope, mods)
            }
            Kind::Pointer if self.java => {}
            Kind::Pointer => self.put("*"),
            Kind::Reference => self.put("&"),
            Kind::ReferenceThis => self.put(" &"),
            Kind::RvalueReference => self.put("&&"),
            Kind::RvalueReferenceThis => self.put(" &&"),
            Kind::Complex => self.put(" _Complex"),
            Kind::Imaginary => self.put(" _Imaginary"),
            Kind::MemberPointer => {
                if self.out.last() != b'(' {
                    self.put(" ");
                }
                self.print(a, scope, mods);
                self.put("::*")
            }
            Kind::Vector => {
                self.put(" __vector(");
                self.print(a, scope, mods);
                self.put(")")
            }
            _ => self.print(id, scope, mods),
        }
    }

    /// The modifiers of a list, those of functions only if `suffix`: they come last.
    fn modifiers(&mut self, list: Mods, suffix: bool, around: Mods) {
        let mut list = list;
        while let Some(waiting) = list {
            list = waiting.next;
            let (id, scope) = (waiting.node, waiting.scope);
            let kind = self.kind(id);
            if waiting.printed.get() || !suffix && kind.qualifies_function() {
                continue;
            }
            waiting.printed.set(true);
            match kind {
                Kind::Function => return self.declarator(id, scope, list),
                Kind::Array => return self.dimensions(id, scope, list, around),
                Kind::Local => {
                    // Its qualifiers are in the list already.
                    self.print(self.a(id), scope, None);
                    self.separator();
                    let mut entity = self.default_argument(self.b(id));
                    while self.kind(entity).qualifies_function() {
                        entity = self.a(entity);
                    }
                    return self.print(entity, scope, around);
                }
                _ => self.modifier(id, scope, around),
            }
        }
    }

    /// A function's name and type.
    fn encoding(&mut self, name: Id, function: Id, scope: Scope) -> Option<()> {
        // Qualifiers of `this` from the outside in, then the name.
        let mut parts = [NONE; 4];
        let mut count = 0;
        let mut part = name;
        loop {
            *parts.get_mut(count)? = part;
            count += 1;
            if !self.kind(part).qualifies_function() {
                break;
            }
            part = self.a(part);
        }
        if self.kind(part) == Kind::Local {
            let local = part;
            part = self.b(part);
            if self.kind(part) == Kind::DefaultArgument {
                part = self.a(part);
            }
            while self.kind(part).qualifies_function() {
                *parts.get_mut(count)? = local;
                *parts.get_mut(count - 1)? = part;
                count += 1;
                part = self.a(part);
            }
        }
        if part == NONE {
            return None;
        }
        let inner = if self.kind(part) == Kind::Template { self.enter(part, scope) } else { scope };
        let [first, second, third, fourth] = parts;
        let first = Mod::new(first, scope, None);
        let second = Mod::new(second, scope, Some(&first));
        let third = Mod::new(third, scope, Some(&second));
        let fourth = Mod::new(fourth, scope, Some(&third));
        let list = [&first, &second, &third, &fourth];
        let innermost = *list.get(count - 1)?;
        self.print(function, inner, Some(innermost));
        for part in list.iter().take(count).rev() {
            if !part.printed.get() {
                self.put(" ");
                self.modifier(part.node, scope, Some(innermost));
            }
        }
        Some(())
    }

    fn function(&mut self, id: Id, scope: Scope, mods: Mods) {
        let postfix = self.postfix;
        self.postfix = false; // For the functions within this one.
        let result = self.a(id);
        if postfix {
            self.declarator(id, scope, mods);
            self.print_if(result, scope, mods);
        } else {
            let waiting = Mod::new(id, scope, mods);
            if result != NONE {
                self.print(result, scope, Some(&waiting));
            }
            if !waiting.printed.get() {
                self.put(if result == NONE { "" } else { " " });
                self.declarator(id, scope, mods);
            }
        }
        self.postfix = postfix;
    }

    /// What is around a function's parameters, and those.
    fn declarator(&mut self, id: Id, scope: Scope, list: Mods) {
        let (mut parentheses, mut space) = (false, false);
        let mut next = list;
        while let Some(waiting) = next.filter(|waiting| !waiting.printed.get() && !parentheses) {
            match self.kind(waiting.node) {
                Kind::Pointer | Kind::Reference | Kind::RvalueReference => parentheses = true,
                Kind::Restrict
                | Kind::Volatile
                | Kind::Const
                | Kind::VendorQualifier
                | Kind::Complex
                | Kind::Imaginary
                | Kind::MemberPointer => (parentheses, space) = (true, true),
                _ => {}
            }
            next = waiting.next;
        }
        if parentheses {
            let last = self.out.last();
            if last != b' ' && (space || !matches!(last, b'(' | b'*')) {
                self.put(" ");
            }
            self.put("(");
        }
        self.modifiers(list, false, None);
        self.put(if parentheses { ")(" } else { "(" });
        self.print_if(self.b(id), scope, None);
        self.put(")");
        self.modifiers(list, true, None)
    }

    fn array(&mut self, id: Id, scope: Scope, mods: Mods) -> Option<()> {
        // The qualifiers of an array are those of its elements.
        let mut qualifiers = [NONE; 3];
        let mut count = 0;
        let mut next = mods;
        let mut scopes = [scope; 3];
        while let Some(waiting) = next.filter(|waiting| self.kind(waiting.node).is_cv()) {
            if !waiting.printed.get() {
                *qualifiers.get_mut(count)? = waiting.node;
                *scopes.get_mut(count)? = waiting.scope;
                waiting.printed.set(true);
                count += 1;
            }
            next = waiting.next;
        }
        let whole = Mod::new(id, scope, mods);
        let first = Mod::new(qualifiers[0], scopes[0], Some(&whole));
        let second = Mod::new(qualifiers[1], scopes[1], Some(&first));
        let third = Mod::new(qualifiers[2], scopes[2], Some(&second));
        let list = [&whole, &first, &second, &third];
        self.print(self.b(id), scope, Some(*list.get(count)?));
        if whole.printed.get() {
            return Some(());
        }
        for qualifier in list.iter().skip(1).take(count).rev() {
            self.modifier(qualifier.node, scope, mods);
        }
        self.dimensions(id, scope, mods, mods);
        Some(())
    }

    /// What is around an array's dimension, and that.
    fn dimensions(&mut self, id: Id, scope: Scope, list: Mods, around: Mods) {
        let mut waiting = list;
        while let Some(printed) = waiting.filter(|waiting| waiting.printed.get()) {
            waiting = printed.next;
        }
        let array = waiting.is_some_and(|waiting| self.kind(waiting.node) == Kind::Array);
        let parentheses = waiting.is_some() && !array;
        if parentheses {
            self.put(" (");
        }
        self.modifiers(list, false, around);
        if parentheses {
            self.put(")");
        }
        self.put(if array { "[" } else { " [" });
        self.print_if(self.a(id), scope, around);
        self.put("]")
    }

    // Expressions.

    /// In parentheses, unless it is a name or the like.
    fn subexpression(&mut self, id: Id, scope: Scope, mods: Mods) {
        let simple = matches!(
            self.kind(id),
            Kind::Name | Kind::Fixed | Kind::Qualified | Kind::Braces | Kind::FunctionParameter
        );
        self.put(if simple { "" } else { "(" });
        self.print(id, scope, mods);
        self.put(if simple { "" } else { ")" })
    }

    fn code(&self, operator: Id) -> [u8; 2] {
        match self.kind(operator) {
            Kind::Operator => OPERATORS.get(self.a(operator) as usize).map_or([0; 2], |op| op.code),
            _ => [0; 2],
        }
    }

    /// An operator as it stands in an expression.
    fn operator(&mut self, id: Id, scope: Scope, mods: Mods) {
        match self.kind(id) {
            Kind::Operator => self.out.add(operator_name(self.a(id))),
            _ => self.print(id, scope, mods),
        }
    }

    fn unary(&mut self, operator: Id, operand: Id, scope: Scope, mods: Mods) {
        let code = self.code(operator);
        let mut operand = operand;
        match &code {
            // The address of a member: its type is known.
            b"ad"
                if self.kind(operand) == Kind::Encoding
                    && self.kind(self.a(operand)) == Kind::Qualified
                    && self.kind(self.b(operand)) == Kind::Function =>
            {
                operand = self.a(operand);
            }
            b"sZ" => {
                let pack = self.find_pack(operand, scope);
                let length = self.pack_length(pack);
                return self.number(length.into());
            }
            b"sP" => {
                let length = self.count(operand, scope);
                return self.number(length.into());
            }
            _ => {}
        }
        if self.kind(operand) == Kind::Operands {
            self.subexpression(self.a(operand), scope, mods);
            return self.operator(operator, scope, mods);
        }
        if self.kind(operator) == Kind::Cast {
            self.put("(");
            self.print(self.a(operator), scope, mods);
            self.put(")");
        } else {
            self.operator(operator, scope, mods);
        }
        match &code {
            b"gs" => self.print(operand, scope, mods),
            b"st" => {
                self.put("(");
                self.print(operand, scope, mods);
                self.put(")")
            }
            _ => self.subexpression(operand, scope, mods),
        }
    }

    /// How many arguments a list has, with what its packs expand to.
    fn count(&mut self, list: Id, scope: Scope) -> i32 {
        let mut count = 0;
        let mut cell = list;
        while cell != NONE && self.a(cell) != NONE && !self.out.failed {
            self.step();
            let argument = self.a(cell);
            count += if self.kind(argument) == Kind::Expansion {
                let pack = self.find_pack(self.a(argument), scope);
                self.pack_length(pack)
            } else {
                1
            };
            cell = self.b(cell);
        }
        count
    }

    fn binary(&mut self, operator: Id, operands: Id, scope: Scope, mods: Mods) {
        let (left, right) = (self.a(operands), self.b(operands));
        let code = self.code(operator);
        match &code {
            b"sc" | b"dc" | b"cc" | b"rc" => {
                self.operator(operator, scope, mods);
                self.put("<");
                self.print(left, scope, mods);
                self.put(">(");
                self.print(right, scope, mods);
                return self.put(")");
            }
            b"di" | b"dx" => return self.designated(code, left, NONE, right, scope, mods),
            b"fl" | b"fr" => return self.fold(code, left, right, NONE, scope, mods),
            _ => {}
        }
        // A > would end the template arguments.
        let greater = code == *b"gt";
        self.put(if greater { "(" } else { "" });
        if code == *b"cl" && self.kind(left) == Kind::Encoding {
            if self.kind(self.b(left)) != Kind::Function {
                return self.fail();
            }
            self.subexpression(self.a(left), scope, mods);
        } else {
            self.subexpression(left, scope, mods);
        }
        if code == *b"ix" {
            self.put("[");
            self.print(right, scope, mods);
            self.put("]");
        } else {
            if code != *b"cl" {
                self.operator(operator, scope, mods);
            }
            self.subexpression(right, scope, mods);
        }
        self.put(if greater { ")" } else { "" })
    }

    fn ternary(&mut self, operator: Id, operands: Id, scope: Scope, mods: Mods) {
        let (first, rest) = (self.a(operands), self.b(operands));
        let (second, third) = (self.a(rest), self.b(rest));
        let code = self.code(operator);
        match &code {
            b"dX" => self.designated(code, first, second, third, scope, mods),
            b"fL" | b"fR" => self.fold(code, first, second, third, scope, mods),
            b"qu" => {
                self.subexpression(first, scope, mods);
                self.operator(operator, scope, mods);
                self.subexpression(second, scope, mods);
                self.put(" : ");
                self.subexpression(third, scope, mods)
            }
            _ => {
                self.put("new ");
                if self.a(first) != NONE {
                    self.subexpression(first, scope, mods);
                    self.put(" ");
                }
                self.print(second, scope, mods);
                if third != NONE {
                    self.subexpression(third, scope, mods)
                }
            }
        }
    }

    /// `.member=value`, `[index]=value`, `[first ... last]=value`; in a row only the last
    /// has an `=`.
    fn designated(
        &mut self,
        code: [u8; 2],
        first: Id,
        last: Id,
        value: Id,
        scope: Scope,
        mods: Mods,
    ) {
        self.put(if code == *b"di" { "." } else { "[" });
        self.print(first, scope, mods);
        if code == *b"dX" {
            self.put(" ... ");
            self.print(last, scope, mods);
        }
        if code != *b"di" {
            self.put("]");
        }
        let more = matches!(self.kind(value), Kind::Binary | Kind::Ternary)
            && matches!(&self.code(self.a(value)), b"di" | b"dx" | b"dX");
        if more {
            return self.print(value, scope, mods);
        }
        self.put("=");
        self.subexpression(value, scope, mods)
    }

    /// `(...+pack)`, `(pack+...)`, `(pack+...+init)`, `(init+...+pack)`.
    fn fold(
        &mut self,
        code: [u8; 2],
        operator: Id,
        first: Id,
        second: Id,
        scope: Scope,
        mods: Mods,
    ) {
        let pack = self.pack;
        self.pack = -1;
        self.put("(");
        if code == *b"fl" {
            self.put("...");
        } else {
            self.subexpression(first, scope, mods);
        }
        self.operator(operator, scope, mods);
        match &code {
            b"fl" => self.subexpression(first, scope, mods),
            b"fr" => self.put("..."),
            _ => {
                self.put("...");
                self.operator(operator, scope, mods);
                self.subexpression(second, scope, mods);
            }
        }
        self.pack = pack;
        self.put(")")
    }

    fn literal(&mut self, node: &Node, scope: Scope, mods: Mods) {
        let (of, value) = (node.a, node.b);
        let negative = node.kind == Kind::NegativeLiteral;
        let style =
            if self.kind(of) == Kind::Builtin { literal(self.a(of)) } else { Literal::Cast };
        match style {
            Literal::Suffix(suffix) => {
                self.put(if negative { "-" } else { "" });
                self.print(value, scope, mods);
                return self.put(suffix);
            }
            Literal::Bool if !negative && self.is_named(value, b"0") => return self.put("false"),
            Literal::Bool if !negative && self.is_named(value, b"1") => return self.put("true"),
            _ => {}
        }
        self.put("(");
        self.print(of, scope, mods);
        self.put(if negative { ")-" } else { ")" });
        let float = style == Literal::Float;
        self.put(if float { "[" } else { "" });
        self.print(value, scope, mods);
        self.put(if float { "]" } else { "" })
    }

    // Java.

    /// A name in which `__U2d_` stands for a character.
    fn java_name(&mut self, name: &[u8]) {
        let mut rest = name;
        while let Some((&c, after)) = rest.split_first() {
            if let Some((value, after)) = java_escape(rest) {
                self.out.add(&[value]);
                rest = after;
            } else {
                self.out.add(&[c]);
                rest = after;
            }
        }
    }

    /// The name of a resource: `$S` is a slash, `$_` a dot, `$$` a dollar.
    fn resource(&mut self, name: Id) -> Option<()> {
        self.put("java resource ");
        let (length, start) = (self.a(name) as usize, self.b(name) as usize);
        let mut bytes = self.text.get(start..start + length)?.iter();
        while let Some(&c) = bytes.next() {
            let c = match c {
                b'$' => match bytes.next()? {
                    b'S' => b'/',
                    b'_' => b'.',
                    b'$' => b'$',
                    _ => return None,
                },
                c => c,
            };
            self.out.add(&[c]);
        }
        Some(())
    }
}

/// `__U <hexadecimal> _` at the start of a name: the character, and what follows.
fn java_escape(name: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = name.strip_prefix(b"__U")?;
    let mut value = 0u32;
    while let Some((&c, after)) = rest.split_first() {
        if c == b'_' {
            let value = u8::try_from(value).ok()?;
            return Some((value, after));
        }
        let digit = (c as char).to_digit(16)?;
        value = value.checked_mul(16)?.checked_add(digit)?;
        rest = after;
    }
    None
}

/// What is put before the entity that a special name is of.
fn special(code: u8) -> &'static str {
    match code {
        b'V' => "vtable for ",
        b'T' => "VTT for ",
        b'I' => "typeinfo for ",
        b'S' => "typeinfo name for ",
        b'F' => "typeinfo fn for ",
        b'J' => "java Class for ",
        b'h' => "non-virtual thunk to ",
        b'v' => "virtual thunk to ",
        b'c' => "covariant return thunk to ",
        b'H' => "TLS init function for ",
        b'W' => "TLS wrapper function for ",
        b'A' => "template parameter object for ",
        b'G' => "guard variable for ",
        b'a' => "hidden alias for ",
        b'n' => "non-transaction clone for ",
        b't' => "transaction clone for ",
        b'i' => "initializer for module ",
        b'+' => "global constructors keyed to ",
        _ => "global destructors keyed to ",
    }
}

/// What `Sa`, `Sb` ... abbreviate.
fn std_name(letter: u8, spelling: u32) -> &'static str {
    match (letter, spelling) {
        (b'a', SHORT | FULL) => "std::allocator",
        (b'a', _) => "allocator",
        (b'b', SHORT | FULL) => "std::basic_string",
        (b's', SHORT) => "std::string",
        (b's', FULL) => "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
        (b'b' | b's', _) => "basic_string",
        (b'i', SHORT) => "std::istream",
        (b'i', FULL) => "std::basic_istream<char, std::char_traits<char> >",
        (b'i', _) => "basic_istream",
        (b'o', SHORT) => "std::ostream",
        (b'o', FULL) => "std::basic_ostream<char, std::char_traits<char> >",
        (b'o', _) => "basic_ostream",
        (_, SHORT) => "std::iostream",
        (_, FULL) => "std::basic_iostream<char, std::char_traits<char> >",
        _ => "basic_iostream",
    }
}
