//! The Itanium C++ mangling: `_ZN3foo3barEi` is `foo::bar(int)`.
//!
//! A name is parsed into a tree, and only a name that was parsed to its end is printed.
//! The tree has a node for about each letter; its nodes refer to each other by number.

mod expression;
mod parse;
mod print;
mod tables;
mod types;

use super::{Options, Output};
use crate::alloc::vec::Vec;
use core::cell::Cell;

/// A node's number; [`NONE`] where there is none.
type Id = u32;
const NONE: Id = 0;

/// What a node is. `a` and `b` are nodes unless something else is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[rustfmt::skip]
enum Kind {
    // Names.
    Name,            // a bytes at b of the mangled name
    Fixed,           // a: place in FIXED
    Std,             // a: letter, b: spelling
    Qualified,       // a::b
    Local,           // a::b, a is a function
    Module,          // a.b
    Operator,        // a: place in OPERATORS
    Conversion,      // operator a, a is a type
    Lambda,          // a: parameters, b: number and template head
    LambdaNumber,    // a: number, b: template head
    DefaultArgument, // a: entity, b: number
    Special,         // a, b: place in SPECIALS
    Resource,        // b bytes at a
    Encoding,        // a: name, b: function type
    Template,        // a<b>
    Arguments,       // list: a, rest b; both may be absent
    TemplateArguments,
    Parameter,       // a: number of a template parameter
    TypeDeclaration, // in a lambda's template head
    ValueDeclaration,// a: type
    TemplateDeclaration, // a: head
    PackDeclaration, // a
    // Types.
    Builtin,         // a: place in BUILTINS
    FloatN,          // a: bits, b: letter after it
    Function,        // a: return type, b: Arguments
    Array,           // a: dimension, b: element
    Expansion,       // a...
    // Expressions.
    Cast,            // a: type
    Nullary,         // a: operator
    Unary,           // a: operator, b: operand
    Binary,          // a: operator, b: Operands
    Ternary,         // a: operator, b: Operands of Operands
    Operands,        // a, b
    Literal,         // a: type, b: value
    NegativeLiteral,
    FunctionParameter, // a: number, 0 for this
    // What has a pattern, in the order of PATTERNS.
    Tagged,          // a[abi:b]
    Partition,       // a:b
    InModule,        // a@b
    Bindings,        // [a]
    Constructor,     // of a
    Destructor,      // of a
    VendorOperator,  // a: operands, b: name
    Unnamed,         // a: number
    Clone,           // a, b: suffix
    Construction,    // construction vtable for a in b
    Temporary,       // a, b: number
    Vendor,          // a: name of a type
    Decltype,        // a
    Number,          // a, signed
    Braces,          // a: type, b: Arguments
    VendorExpression,// a: name, b: TemplateArguments
    // Modifiers in the order of MODIFIERS. Those of a type: a is the type.
    Restrict, Volatile, Const,
    Pointer, Reference, RvalueReference, Complex, Imaginary,
    VendorQualifier, // b: name
    MemberPointer,   // a: class, b: type
    Vector,          // a: dimension, b: type
    // Those of a function, a: name or type
    RestrictThis, VolatileThis, ConstThis, ReferenceThis, RvalueReferenceThis,
    TransactionSafe,
    Noexcept, Throw, // b: expression, types
}

impl Kind {
    fn is_cv(self) -> bool {
        matches!(self, Kind::Restrict | Kind::Volatile | Kind::Const)
    }

    fn qualifies_function(self) -> bool {
        use Kind::*;
        matches!(
            self,
            RestrictThis
                | VolatileThis
                | ConstThis
                | ReferenceThis
                | RvalueReferenceThis
                | TransactionSafe
                | Noexcept
                | Throw
        )
    }
}

struct Node {
    kind: Kind,
    /// How often it is being printed at the moment.
    printing: Cell<u8>,
    /// Of a template parameter under a reference: the scope that it was met in first.
    scope: Cell<u32>,
    a: u32,
    b: u32,
}

/// The memory that names are worked on in; kept from one to the next.
#[derive(Default)]
pub struct Workspace {
    nodes: Vec<Node>,
    /// What `S_`, `S0_` ... stand for.
    substitutions: Vec<Id>,
    /// Templates whose arguments are in scope: the template, the scope around it.
    scopes: Vec<(Id, u32)>,
    /// What waits to be printed around what is being printed.
    mods: Vec<print::Mod>,
}

impl Workspace {
    /// Nothing is allocated yet.
    pub const fn new() -> Self {
        Workspace {
            nodes: Vec::new(),
            substitutions: Vec::new(),
            scopes: Vec::new(),
            mods: Vec::new(),
        }
    }
}

/// Prints the demangled name, or gives up.
pub fn demangle(
    work: &mut Workspace,
    name: &[u8],
    options: &Options,
    out: &mut Output,
) -> Option<()> {
    let top = parse::parse(work, name, options)?;
    print::print(work, name, options, top, out)
}
