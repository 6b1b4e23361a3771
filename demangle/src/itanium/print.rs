//! From the tree to C++ (or Java) as GNU writes it.
//!
//! A declarator lies around its type: of a pointer to a function the `*` comes between
//! what is returned and the parameters. So modifiers wait in a list ([`Mod`]) until
//! something prints them: a function or an array in the midst of itself, and otherwise
//! whoever put them there, after the type.

use super::parse::FIXED;
use super::tables::{BOOL, OPERATORS, builtin_name, literal, operator_name};
use super::{Id, Kind, NONE, Node, Workspace};
use crate::alloc::vec::Vec;
use crate::{Options, Output, Style, list, pick};

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
    work.mods.clear();
    let mut printer = Printer {
        text,
        nodes: &work.nodes,
        nothing: work.nodes.first()?,
        scopes: &mut work.scopes,
        mods: &mut work.mods,
        out,
        java: options.style == Style::Java,
        postfix: options.style == Style::Java,
        around: Around { scope: NO_SCOPE, mods: NO_MODS },
        pack: 0,
        in_lambda: false,
        head: NONE,
        declared: 0,
        template: NONE,
        depth: 0,
        steps: STEPS,
    };
    printer.print(top);
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
pub struct Mod {
    node: Id,
    scope: Scope,
    printed: bool,
    next: Mods,
}

/// A list of them: the place of its first one in `mods`.
type Mods = u32;
const NO_MODS: Mods = u32::MAX;

/// What a node is printed within.
#[derive(Clone, Copy)]
struct Around {
    scope: Scope,
    /// What waits for the node to print it.
    mods: Mods,
}

struct Printer<'a> {
    text: &'a [u8],
    nodes: &'a [Node],
    nothing: &'a Node,
    scopes: &'a mut Vec<(Id, Scope)>,
    mods: &'a mut Vec<Mod>,
    out: &'a mut Output,
    java: bool,
    /// Java: what a function returns is printed after it, unless it is within another one.
    postfix: bool,
    /// Of the node that is being printed. Whoever changes it has it as it was again after the
    /// node.
    around: Around,
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

/// How the kinds from [`Kind::Tagged`] on are printed; see [`Printer::say`].
const PATTERNS: &[u8] = list!(
    "%a[abi:%b];%x:%b;%a@%b;[%a];%a;~%a;operator %b;{unnamed type#%N};\
    %a [clone %b];construction vtable for %a-in-%b;reference temporary #%m for %a;%a;\
    decltype (%a);%n;%x{%b};%a(%b)"
);

/// How modifiers are printed, those from [`Kind::Restrict`] on.
const MODIFIERS: &[u8] = list!(
    " restrict; volatile; const;*;&;&&; _Complex; _Imaginary; %b;%a::*; __vector(%a);\
    \x20restrict; volatile; const; &; &&; transaction_safe; noexcept; throw"
);

impl<'a> Printer<'a> {
    /// A node; that for none where there is no such.
    #[inline(never)]
    fn get(&self, id: Id) -> &'a Node {
        self.nodes.get(id as usize).unwrap_or(self.nothing)
    }

    fn kind(&self, id: Id) -> Kind {
        self.get(id).kind
    }

    fn a(&self, id: Id) -> u32 {
        self.get(id).a
    }

    fn b(&self, id: Id) -> u32 {
        self.get(id).b
    }

    /// Gives the name up: from here on nothing is printed, and nothing goes deeper. So nobody
    /// has to ask after each part whether that was right.
    fn fail(&mut self) {
        self.out.failed = true;
    }

    fn require(&mut self, done: Option<()>) {
        self.out.failed |= done.is_none();
    }

    #[inline(always)]
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

    /// Prints a pattern: `%a`, `%b`, `%c` are these nodes, `%x` and `%z` the first and third if
    /// they are there, `%A`, `%B`, `%C` subexpressions; `%o` is the operator `a`, `%n` and `%m`
    /// are the numbers `a` and `b`, `%N` is `a + 1`.
    fn say(&mut self, pattern: &[u8], a: u32, b: u32, c: u32) {
        let mut pieces = pattern.split(|&c| c == b'%');
        self.out.add(pieces.next().unwrap_or_default());
        for piece in pieces {
            let Some((&what, text)) = piece.split_first() else { return };
            match what {
                b'a' => self.print(a),
                b'b' => self.print(b),
                b'c' => self.print(c),
                b'x' => self.print_if(a),
                b'z' => self.print_if(c),
                b'A' => self.subexpression(a),
                b'B' => self.subexpression(b),
                b'C' => self.subexpression(c),
                b'o' => self.operator(a),
                b'n' => self.number((a as i32).into()),
                b'm' => self.number((b as i32).into()),
                _ => self.number(i64::from(a) + 1),
            }
            self.out.add(text);
        }
    }

    fn print(&mut self, id: Id) {
        let node = self.get(id);
        if id == NONE || node.printing.get() > 1 || self.depth > DEPTH {
            return self.fail();
        }
        self.step();
        if self.out.failed {
            return;
        }
        let (around, waiting) = (self.around, self.mods.len());
        node.printing.set(node.printing.get() + 1);
        self.depth += 1;
        self.node(id, node);
        self.depth -= 1;
        node.printing.set(node.printing.get() - 1);
        self.around = around;
        self.mods.truncate(waiting);
    }

    fn print_if(&mut self, id: Id) {
        if id != NONE {
            self.print(id)
        }
    }

    /// Prints a node within something else.
    fn print_in(&mut self, id: Id, scope: Scope, mods: Mods) {
        let around = self.around;
        self.around = Around { scope, mods };
        self.print_if(id);
        self.around = around;
    }

    /// Lets a node wait: it is the first of what is around then.
    fn wait(&mut self, node: Id) -> Mods {
        let Around { scope, mods } = self.around;
        let place = self.mods.len() as Mods;
        self.mods.push(Mod { node, scope, printed: false, next: mods });
        self.around.mods = place;
        place
    }

    fn waiting(&self, mods: Mods) -> Option<&Mod> {
        self.mods.get(mods as usize)
    }

    fn is_printed(&self, mods: Mods) -> bool {
        self.waiting(mods).is_some_and(|waiting| waiting.printed)
    }

    fn node(&mut self, id: Id, node: &Node) {
        let (a, b) = (node.a, node.b);
        match node.kind {
            Kind::Name => self.name(a, b),
            Kind::Fixed => self.out.add(pick(FIXED, a as usize)),
            Kind::Std => self.out.add(std_name(a as u8, b)),
            Kind::Qualified | Kind::Local => {
                self.print(a);
                self.separator();
                let entity = self.default_argument(b);
                self.print(entity)
            }
            Kind::Module if a == NONE => self.print(b),
            Kind::Module => self.say(b"%a.%b", a, b, NONE),
            Kind::Operator => {
                let name = operator_name(a);
                let name = name.strip_suffix::<[u8]>(b" ").unwrap_or(name);
                let word = name.first().is_some_and(u8::is_ascii_lowercase);
                self.put(if word { "operator " } else { "operator" });
                self.out.add(name)
            }
            Kind::Constructor => self.print(a),
            Kind::Conversion => self.conversion(a),
            Kind::Lambda => self.lambda(a, b),
            Kind::Special => {
                self.out.add(special(b as u8));
                self.print(a)
            }
            Kind::Resource => {
                let done = self.resource(a);
                self.require(done)
            }
            Kind::Encoding => {
                let done = self.encoding(a, b);
                self.require(done)
            }
            Kind::Template => self.template(id, a, b),
            Kind::Arguments | Kind::TemplateArguments => self.list(id),
            Kind::Parameter => self.parameter(a),
            Kind::TypeDeclaration
            | Kind::ValueDeclaration
            | Kind::TemplateDeclaration
            | Kind::PackDeclaration => self.declaration(id),
            Kind::Builtin => self.out.add(builtin_name(a, self.java)),
            Kind::FloatN => {
                self.say(b"_Float%n", a, b, NONE);
                self.put(if b as u8 == b'x' { "x" } else { "" })
            }
            Kind::Function => self.function(id),
            Kind::Array => {
                let done = self.array(id);
                self.require(done)
            }
            Kind::Expansion => self.expansion(a),
            Kind::Restrict | Kind::Volatile | Kind::Const => {
                // An array hands its qualifiers on to its elements, which may have them.
                let mut next = self.around.mods;
                while let Some(outer) = self.waiting(next) {
                    let kind = self.kind(outer.node);
                    if !outer.printed {
                        if !kind.is_cv() {
                            break;
                        }
                        if kind == node.kind {
                            return self.print(a);
                        }
                    }
                    next = outer.next;
                }
                self.modified(id, a)
            }
            Kind::Reference | Kind::RvalueReference => self.reference(id),
            Kind::MemberPointer | Kind::Vector => self.modified(id, b),
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
            | Kind::Throw => self.modified(id, a),
            Kind::Literal => self.literal(a, b, false),
            Kind::NegativeLiteral => self.literal(a, b, true),
            Kind::FunctionParameter if a == 0 => self.put("this"),
            Kind::FunctionParameter => self.say(b"{parm#%N}", a - 1, NONE, NONE),
            Kind::Nullary => self.operator(a),
            Kind::Unary => self.unary(a, b),
            Kind::Binary => self.binary(a, b),
            Kind::Ternary => self.ternary(a, b),
            // Only parts of other nodes.
            Kind::DefaultArgument | Kind::LambdaNumber | Kind::Operands | Kind::Cast => self.fail(),
            kind => {
                let place = kind as usize - Kind::Tagged as usize;
                self.say(pick(PATTERNS, place), a, b, NONE)
            }
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
        self.say(b"{default arg#%N}::", self.b(id), NONE, NONE);
        self.a(id)
    }

    /// A template's arguments, in a list of their own: what waits belongs to the whole.
    fn template(&mut self, id: Id, name: Id, arguments: Id) {
        let outer = self.template;
        self.template = id;
        self.around.mods = NO_MODS;
        if self.java && self.kind(name) == Kind::Name && self.is_named(name, b"JArray") {
            self.say(b"%a[]", arguments, NONE, NONE);
        } else {
            self.print(name);
            self.angle_brackets(arguments);
        }
        self.template = outer;
    }

    /// `<arguments>`, without running into another `<` or `>`.
    fn angle_brackets(&mut self, arguments: Id) {
        self.put(if self.out.last() == b'<' { " <" } else { "<" });
        self.print(arguments);
        self.put(if self.out.last() == b'>' { " >" } else { ">" })
    }

    fn is_named(&self, id: Id, name: &[u8]) -> bool {
        let (length, start) = (self.a(id) as usize, self.b(id) as usize);
        self.text.get(start..start + length) == Some(name)
    }

    /// The target of a conversion: template parameters in it are those of the template
    /// that the conversion is.
    fn conversion(&mut self, target: Id) {
        self.put("operator ");
        let Around { scope, mods } = self.around;
        let inner = if self.template != NONE { self.enter(self.template, scope) } else { scope };
        let template = self.kind(target) == Kind::Template;
        let name = if template { self.a(target) } else { target };
        self.around.scope = inner;
        self.print(name);
        if template {
            // The arguments are outside.
            self.around = Around { scope, mods };
            self.angle_brackets(self.b(target))
        }
    }

    fn lambda(&mut self, parameters: Id, number: Id) {
        let outer = (self.head, self.declared, self.in_lambda);
        (self.head, self.declared, self.in_lambda) = (self.b(number), 0, true);
        self.put(if self.head == NONE { "{lambda" } else { "{lambda<" });
        let mut cell = self.head;
        while cell != NONE {
            self.put(if self.declared > 0 { ", " } else { "" });
            let declaration = self.a(cell);
            self.print(declaration);
            self.put(" ");
            self.declared_name(declaration, self.declared);
            self.declared += 1;
            cell = self.b(cell);
        }
        self.put(if self.head == NONE { "(" } else { ">(" });
        self.print(parameters);
        (self.head, self.declared, self.in_lambda) = outer;
        self.say(b")#%N}", self.a(number), NONE, NONE)
    }

    /// What kind of template parameter a lambda declares.
    fn declaration(&mut self, id: Id) {
        let pack = self.kind(id) == Kind::PackDeclaration;
        let what = if pack { self.a(id) } else { id };
        // The kinds follow each other in this order, but a pack in a pack makes no sense.
        const PATTERNS: &[u8] = list!("typename;%a;template<%a> class");
        let place = (self.kind(what) as usize).wrapping_sub(Kind::TypeDeclaration as usize);
        let pattern = pick(PATTERNS, place);
        if pattern.is_empty() {
            self.fail();
        }
        self.say(pattern, self.a(what), NONE, NONE);
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
    fn argument(&mut self, number: u32) -> Id {
        let argument = self.whole_argument(number);
        if self.kind(argument) == Kind::TemplateArguments {
            return self.element(argument, self.pack);
        }
        argument
    }

    /// What a template parameter stands for, packs as such; or NONE.
    fn whole_argument(&mut self, number: u32) -> Id {
        match self.template_of(self.around.scope).0 {
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

    fn parameter(&mut self, number: u32) {
        if self.in_lambda {
            if number < self.declared {
                let declaration = self.element(self.head, number as i32);
                return self.declared_name(declaration, number);
            }
            return self.say(b"auto:%N", number, NONE, NONE);
        }
        let argument = self.argument(number);
        // The argument itself may be a parameter of a template further out.
        self.around.scope = self.template_of(self.around.scope).1;
        self.print(argument)
    }

    fn expansion(&mut self, pattern: Id) {
        let pack = if self.in_lambda { NONE } else { self.find_pack(pattern) };
        if pack == NONE {
            // Of function parameters: how many isn't known.
            return self.say(b"%A...", pattern, NONE, NONE);
        }
        let length = self.pack_length(pack);
        for i in 0..length {
            if i > 0 {
                self.put(", ");
            }
            self.pack = i;
            self.print(pattern);
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
    fn find_pack(&mut self, id: Id) -> Id {
        self.step();
        if self.out.failed {
            return NONE;
        }
        let (a, b) = (self.a(id), self.b(id));
        let (first, second) = match self.kind(id) {
            Kind::Parameter => {
                if self.around.scope == NO_SCOPE {
                    self.fail();
                }
                let argument = self.whole_argument(a);
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
                pack = self.find_pack(child);
            }
        }
        self.depth -= 1;
        pack
    }

    /// A list with commas; an empty pack at its end takes its comma with it.
    fn list(&mut self, id: Id) {
        let depth = self.depth;
        self.print_if(self.a(id));
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
            self.print_if(self.a(cell));
            if self.out.len() > before {
                end = self.out.len();
            }
            cell = self.b(cell);
        }
        self.out.truncate(end);
        self.depth = depth;
    }

    // Types.

    /// A modifier around a type, which may print it.
    fn modified(&mut self, id: Id, inner: Id) {
        let waiting = self.wait(id);
        self.print(inner);
        if !self.is_printed(waiting) {
            self.modifier(id)
        }
    }

    /// A reference; to a reference that a template parameter stands for it is one still.
    fn reference(&mut self, id: Id) {
        let mut to = self.a(id);
        let (mut whole, mut inner) = (id, to);
        if !self.in_lambda && self.kind(to) == Kind::Parameter {
            // Where it was met first its scope is that of its argument, unless it is met
            // again within itself.
            let Node { scope: saved, printing, .. } = self.get(to);
            if saved.get() == NOWHERE {
                saved.set(self.around.scope);
            } else if printing.get() == 0 && self.get(id).printing.get() < 2 {
                self.around.scope = saved.get();
            }
            to = self.argument(self.a(to));
            if to == NONE {
                return self.fail();
            }
        }
        if self.kind(to) == Kind::Reference || self.kind(to) == self.kind(id) {
            (whole, inner) = (to, self.a(to));
        } else if self.kind(to) == Kind::RvalueReference {
            inner = self.a(to);
        }
        self.modified(whole, inner)
    }

    /// One modifier.
    fn modifier(&mut self, id: Id) {
        let (a, b, kind) = (self.a(id), self.b(id), self.kind(id));
        // Those that are met most have no need of the list.
        match kind {
            Kind::Pointer if !self.java => return self.put("*"),
            Kind::Reference => return self.put("&"),
            Kind::Const | Kind::ConstThis => return self.put(" const"),
            _ => {}
        }
        let place = (kind as usize).checked_sub(Kind::Restrict as usize);
        match place.map(|place| pick(MODIFIERS, place)).filter(|pattern| !pattern.is_empty()) {
            _ if kind == Kind::Pointer && self.java => {}
            None => self.print(id),
            Some(pattern) => {
                if kind == Kind::MemberPointer && self.out.last() != b'(' {
                    self.put(" ");
                }
                self.say(pattern, a, b, NONE);
                if matches!(kind, Kind::Noexcept | Kind::Throw) && b != NONE {
                    self.say(b"(%b)", a, b, NONE)
                }
            }
        }
    }

    /// The modifiers of a list within something, those of functions only if `suffix`: they
    /// come last.
    fn modifiers(&mut self, list: Mods, suffix: bool, within: Mods) {
        let around = self.around;
        let mut list = list;
        while let Some(waiting) = self.mods.get_mut(list as usize) {
            let id = waiting.node;
            list = waiting.next;
            let kind = self.nodes.get(id as usize).map_or(Kind::Fixed, |node| node.kind);
            if waiting.printed || !suffix && kind.qualifies_function() {
                continue;
            }
            waiting.printed = true;
            self.around = Around { scope: waiting.scope, mods: within };
            match kind {
                Kind::Function => self.declarator(id, list),
                Kind::Array => self.dimensions(id, list),
                Kind::Local => {
                    // Its qualifiers are in the list already.
                    self.print_in(self.a(id), self.around.scope, NO_MODS);
                    self.separator();
                    let mut entity = self.default_argument(self.b(id));
                    while self.kind(entity).qualifies_function() {
                        entity = self.a(entity);
                    }
                    self.print(entity)
                }
                _ => {
                    self.modifier(id);
                    continue;
                }
            }
            break;
        }
        self.around = around;
    }

    /// A function's name and type.
    fn encoding(&mut self, name: Id, function: Id) -> Option<()> {
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
        let scope = self.around.scope;
        let inner = if self.kind(part) == Kind::Template { self.enter(part, scope) } else { scope };
        self.around.mods = NO_MODS;
        let mut innermost = NO_MODS;
        for part in parts.iter().take(count) {
            innermost = self.wait(*part);
        }
        self.print_in(function, inner, innermost);
        while let Some(&Mod { node, printed, next, .. }) = self.waiting(innermost) {
            if !printed {
                self.put(" ");
                self.modifier(node);
            }
            innermost = next;
        }
        Some(())
    }

    fn function(&mut self, id: Id) {
        let postfix = self.postfix;
        self.postfix = false; // For the functions within this one.
        let result = self.a(id);
        let mods = self.around.mods;
        if postfix {
            self.declarator(id, mods);
            self.print_if(result);
        } else {
            let waiting = self.wait(id);
            self.print_if(result);
            if !self.is_printed(waiting) {
                self.put(if result == NONE { "" } else { " " });
                self.declarator(id, mods);
            }
        }
        self.postfix = postfix;
    }

    /// What is around a function's parameters, and those.
    fn declarator(&mut self, id: Id, list: Mods) {
        let (mut parentheses, mut space) = (false, false);
        let mut next = list;
        while let Some(waiting) =
            self.waiting(next).filter(|waiting| !waiting.printed && !parentheses)
        {
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
        self.modifiers(list, false, NO_MODS);
        self.put(if parentheses { ")(" } else { "(" });
        self.print_in(self.b(id), self.around.scope, NO_MODS);
        self.put(")");
        self.modifiers(list, true, NO_MODS)
    }

    fn array(&mut self, id: Id) -> Option<()> {
        let Around { scope, mods } = self.around;
        // The qualifiers of an array are those of its elements.
        let mut qualifiers = [(NONE, scope); 3];
        let mut count = 0;
        let (nodes, mut next) = (self.nodes, mods);
        while let Some(waiting) = self.mods.get_mut(next as usize) {
            if !nodes.get(waiting.node as usize).is_some_and(|node| node.kind.is_cv()) {
                break;
            }
            if !waiting.printed {
                *qualifiers.get_mut(count)? = (waiting.node, waiting.scope);
                waiting.printed = true;
                count += 1;
            }
            next = waiting.next;
        }
        let whole = self.wait(id);
        for &(qualifier, scope) in qualifiers.iter().take(count) {
            self.around.scope = scope;
            self.wait(qualifier);
        }
        self.around.scope = scope;
        self.print(self.b(id));
        if self.is_printed(whole) {
            return Some(());
        }
        self.around.mods = mods;
        for &(qualifier, _) in qualifiers.iter().take(count).rev() {
            self.modifier(qualifier);
        }
        self.dimensions(id, mods);
        Some(())
    }

    /// What is around an array's dimension, and that.
    fn dimensions(&mut self, id: Id, list: Mods) {
        let mut next = list;
        let mut waiting = self.waiting(next);
        while let Some(printed) = waiting.filter(|waiting| waiting.printed) {
            next = printed.next;
            waiting = self.waiting(next);
        }
        let array = waiting.is_some_and(|waiting| self.kind(waiting.node) == Kind::Array);
        let parentheses = waiting.is_some() && !array;
        if parentheses {
            self.put(" (");
        }
        self.modifiers(list, false, self.around.mods);
        if parentheses {
            self.put(")");
        }
        self.say(if array { b"[%x]" } else { b" [%x]" }, self.a(id), NONE, NONE)
    }

    // Expressions.

    /// In parentheses, unless it is a name or the like.
    fn subexpression(&mut self, id: Id) {
        let simple = matches!(
            self.kind(id),
            Kind::Name | Kind::Fixed | Kind::Qualified | Kind::Braces | Kind::FunctionParameter
        );
        self.say(if simple { b"%a" } else { b"(%a)" }, id, NONE, NONE)
    }

    fn code(&self, operator: Id) -> [u8; 2] {
        match self.kind(operator) {
            Kind::Operator => OPERATORS.get(self.a(operator) as usize).map_or([0; 2], |op| op.code),
            _ => [0; 2],
        }
    }

    /// An operator as it stands in an expression.
    fn operator(&mut self, id: Id) {
        match self.kind(id) {
            Kind::Operator => self.out.add(operator_name(self.a(id))),
            _ => self.print(id),
        }
    }

    fn unary(&mut self, operator: Id, operand: Id) {
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
                let pack = self.find_pack(operand);
                let length = self.pack_length(pack);
                return self.number(length.into());
            }
            b"sP" => {
                let length = self.count(operand);
                return self.number(length.into());
            }
            _ => {}
        }
        if self.kind(operand) == Kind::Operands {
            return self.say(b"%B%o", operator, self.a(operand), NONE);
        }
        if self.kind(operator) == Kind::Cast {
            self.say(b"(%a)", self.a(operator), NONE, NONE);
        } else {
            self.operator(operator);
        }
        let pattern: &[u8] = match &code {
            b"gs" => b"%a",
            b"st" => b"(%a)",
            _ => b"%A",
        };
        self.say(pattern, operand, NONE, NONE)
    }

    /// How many arguments a list has, with what its packs expand to.
    fn count(&mut self, list: Id) -> i32 {
        let mut count = 0;
        let mut cell = list;
        while cell != NONE && self.a(cell) != NONE && !self.out.failed {
            self.step();
            let argument = self.a(cell);
            count += if self.kind(argument) == Kind::Expansion {
                let pack = self.find_pack(self.a(argument));
                self.pack_length(pack)
            } else {
                1
            };
            cell = self.b(cell);
        }
        count
    }

    fn binary(&mut self, operator: Id, operands: Id) {
        let (mut left, right) = (self.a(operands), self.b(operands));
        let code = self.code(operator);
        if code == *b"cl" && self.kind(left) == Kind::Encoding {
            if self.kind(self.b(left)) != Kind::Function {
                return self.fail();
            }
            left = self.a(left);
        }
        let pattern: &[u8] = match &code {
            b"sc" | b"dc" | b"cc" | b"rc" => b"%o<%b>(%c)",
            b"di" | b"dx" => return self.designated(code, left, NONE, right),
            b"fl" => b"(...%o%B)",
            b"fr" => b"(%B%o...)",
            b"cl" => b"%B%C",
            b"ix" => b"%B[%c]",
            // A > would end the template arguments.
            b"gt" => b"(%B%o%C)",
            _ => b"%B%o%C",
        };
        match &code {
            b"fl" | b"fr" => self.fold(pattern, left, right, NONE),
            _ => self.say(pattern, operator, left, right),
        }
    }

    fn ternary(&mut self, operator: Id, operands: Id) {
        let (first, rest) = (self.a(operands), self.b(operands));
        let (second, third) = (self.a(rest), self.b(rest));
        let code = self.code(operator);
        match &code {
            b"dX" => self.designated(code, first, second, third),
            b"fL" | b"fR" => self.fold(b"(%B%o...%o%C)", first, second, third),
            b"qu" => self.say(b"%A?%B : %C", first, second, third),
            _ => {
                self.put("new ");
                if self.a(first) != NONE {
                    self.say(b"%A ", first, NONE, NONE);
                }
                self.say(if third != NONE { b"%b%C" } else { b"%b" }, NONE, second, third)
            }
        }
    }

    /// `.member=value`, `[index]=value`, `[first ... last]=value`; in a row only the last
    /// has an `=`.
    fn designated(&mut self, code: [u8; 2], first: Id, last: Id, value: Id) {
        let more = matches!(self.kind(value), Kind::Binary | Kind::Ternary)
            && matches!(&self.code(self.a(value)), b"di" | b"dx" | b"dX");
        let pattern: &[u8] = match &code {
            b"di" => b".%a",
            b"dx" => b"[%a]",
            _ => b"[%a ... %b]",
        };
        self.say(pattern, first, last, NONE);
        self.say(if more { b"%a" } else { b"=%A" }, value, NONE, NONE)
    }

    /// `(...+pack)`, `(pack+...)`, `(pack+...+init)`, `(init+...+pack)`.
    fn fold(&mut self, pattern: &[u8], operator: Id, first: Id, second: Id) {
        let pack = self.pack;
        self.pack = -1;
        self.say(pattern, operator, first, second);
        self.pack = pack;
    }

    fn literal(&mut self, of: Id, value: Id, negative: bool) {
        let place = if self.kind(of) == Kind::Builtin { self.a(of) } else { u32::MAX };
        if place == BOOL && !negative {
            if self.is_named(value, b"0") {
                return self.put("false");
            }
            if self.is_named(value, b"1") {
                return self.put("true");
            }
        }
        let mut pattern = literal(place);
        if !pattern.starts_with(b"%") {
            self.say(b"(%a)", of, NONE, NONE);
        }
        if negative {
            self.put("-");
        }
        if pattern.is_empty() {
            pattern = b"%b";
        }
        self.say(pattern, NONE, value, NONE)
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
    let mut rest = name.strip_prefix::<[u8]>(b"__U")?;
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
fn special(code: u8) -> &'static [u8] {
    const CODES: &[u8] = b"VTISFJhvcHWAGanti+-";
    const TEXTS: &[u8] = list!(
        "vtable for ;VTT for ;typeinfo for ;typeinfo name for ;typeinfo fn for ;java Class for ;\
        non-virtual thunk to ;virtual thunk to ;covariant return thunk to ;\
        TLS init function for ;TLS wrapper function for ;template parameter object for ;\
        guard variable for ;hidden alias for ;non-transaction clone for ;transaction clone for ;\
        initializer for module ;global constructors keyed to ;global destructors keyed to "
    );
    pick(TEXTS, CODES.iter().position(|&c| c == code).unwrap_or(CODES.len()))
}

/// What `Sa`, `Sb` ... abbreviate: in short, in full, its last part.
fn std_name(letter: u8, spelling: u32) -> &'static [u8] {
    const TEXTS: &[u8] = list!(
        "std::allocator;std::allocator;allocator;\
        std::basic_string;std::basic_string;basic_string;\
        std::string;\
        std::basic_string<char, std::char_traits<char>, std::allocator<char> >;basic_string;\
        std::istream;std::basic_istream<char, std::char_traits<char> >;basic_istream;\
        std::ostream;std::basic_ostream<char, std::char_traits<char> >;basic_ostream;\
        std::iostream;std::basic_iostream<char, std::char_traits<char> >;basic_iostream"
    );
    let place = b"absiod".iter().position(|&c| c == letter).unwrap_or_default();
    pick(TEXTS, 3 * place + spelling as usize)
}
