//! Make's fields, and how a request's are checked.

use std::cell::Cell;
use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::reading::At;

/// Fields in all.
const FIELDS_MAX: usize = 200;
/// Fields of one `spec`.
const SPEC_MAX: usize = 10;
/// Fields within fields within fields.
const DEPTH_MAX: usize = 10;
/// Choices of one `select`.
const OPTIONS_MAX: usize = 500;

/// A field of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// The property's name.
    pub(crate) name: String,
    /// For people.
    pub(crate) label: Option<String>,
    /// Whether every answer has it.
    pub(crate) required: bool,
    /// What stands in it.
    pub(crate) shape: Shape,
}

/// What stands in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A single value; never one of the types that have a variant of their own below.
    Plain(FieldType),
    /// An object with these fields.
    Collection(Vec<Field>),
    /// A list.
    Array(Items),
    /// One of these texts; any text if there are none.
    Select(Vec<String>),
}

/// What a list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Items {
    /// Whatever the model likes.
    Any,
    /// Values of one kind.
    One(Box<Field>),
    /// Objects with these fields.
    Several(Vec<Field>),
}

macro_rules! field_types {
    ($($name:ident = $text:literal,)*) => {
        /// A field type, by Make's name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub(crate) enum FieldType { $($name,)* }

        impl FieldType {
            /// All of them.
            pub(crate) const ALL: &'static [FieldType] = &[$(FieldType::$name,)*];

            /// As written.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(FieldType::$name => $text,)* }
            }
        }
    };
}

field_types! {
    String = "string",
    Text = "text",
    Email = "email",
    Url = "url",
    Uuid = "uuid",
    Date = "date",
    Color = "color",
    Number = "number",
    Integer = "integer",
    Uinteger = "uinteger",
    Boolean = "boolean",
    Json = "json",
    Any = "any",
    Collection = "collection",
    DynamicCollection = "dynamicCollection",
    Array = "array",
    Select = "select",
}

impl FieldType {
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == name)
    }
}

/// Reads the fields of a whole schema: at least one.
pub(super) fn read_all(at: &At<'_>) -> Option<Vec<Field>> {
    let fields = Cell::new(0);
    let reader = Reader { fields: &fields, depth: 1 };
    let read = at.required(|at| reader.fields(at, 1..=FIELDS_MAX));
    if fields.get() > FIELDS_MAX {
        at.fault(format!("must have at most {FIELDS_MAX} fields in all"));
    }
    read
}

/// How far the reading has come.
#[derive(Clone, Copy)]
struct Reader<'a> {
    fields: &'a Cell<usize>,
    depth: usize,
}

impl Reader<'_> {
    fn fields(self, at: &At<'_>, count: std::ops::RangeInclusive<usize>) -> Option<Vec<Field>> {
        let mut names = HashSet::new();
        at.list(count, |at| {
            let field = self.field(at, true)?;
            if !names.insert(field.name.clone()) {
                at.field("name").fault(format!("{:?} is used twice on this level", field.name));
                return None;
            }
            Some(field)
        })
    }

    fn field(self, at: &At<'_>, is_named: bool) -> Option<Field> {
        self.fields.set(self.fields.get() + 1);
        if self.fields.get() > FIELDS_MAX {
            return None;
        }
        if self.depth > DEPTH_MAX {
            at.fault(format!("must not be nested more than {DEPTH_MAX} deep"));
            return None;
        }
        at.object()?;
        let name = at.field("name");
        // The items of a list have no name, so the one field that describes them needs none.
        let name = match is_named || name.is_present() {
            true => name.required(|at| at.text(1..=128)),
            false => Some(""),
        };
        let label = at.field("label").optional(|at| at.text(0..=1_000)).map(str::to_owned);
        let required = at.field("required").optional(At::boolean).unwrap_or(false);
        let shape = self.shape(at);
        Some(Field { name: name?.to_owned(), label, required, shape: shape? })
    }

    fn shape(self, at: &At<'_>) -> Option<Shape> {
        let name = at.field("type");
        let name = name.required(|at| at.text(0..=usize::MAX))?;
        let kind = match FieldType::named(name) {
            Some(kind) => kind,
            None if self.depth > 1 => FieldType::Any,
            None => {
                let known: Vec<&str> = FieldType::ALL.iter().map(|known| known.as_str()).collect();
                at.field("type").fault(format!("must be one of {}", known.join(", ")));
                return None;
            }
        };
        let spec = at.field("spec");
        let inner = Reader { depth: self.depth + 1, ..self };
        match kind {
            FieldType::Collection => inner.spec(&spec, true).map(Spec::into_fields).map(Shape::Collection),
            FieldType::Array => inner.spec(&spec, false).map(Spec::into_items).map(Shape::Array),
            FieldType::Select => Some(Shape::Select(at.field("options").optional(options).unwrap_or_default())),
            plain => Some(Shape::Plain(plain)),
        }
    }

    fn spec(self, at: &At<'_>, is_named: bool) -> Option<Spec> {
        match at.value() {
            None => Some(Spec::None),
            Some(value) if value.is_array() => self.fields(at, 0..=SPEC_MAX).map(Spec::Several),
            Some(value) if value.is_object() => self.field(at, is_named).map(Box::new).map(Spec::One),
            Some(_) => {
                at.fault("must be a field or an array of fields");
                None
            }
        }
    }
}

/// A `spec` as sent.
enum Spec {
    None,
    One(Box<Field>),
    Several(Vec<Field>),
}

impl Spec {
    fn into_fields(self) -> Vec<Field> {
        match self {
            Spec::None => Vec::new(),
            Spec::One(field) => vec![*field],
            Spec::Several(fields) => fields,
        }
    }

    fn into_items(self) -> Items {
        match self {
            Spec::None => Items::Any,
            Spec::Several(fields) if fields.is_empty() => Items::Any,
            Spec::One(field) => Items::One(field),
            Spec::Several(fields) => Items::Several(fields),
        }
    }
}

/// Choices: texts, or objects with a `value`. One that is there twice counts once.
fn options(at: &At<'_>) -> Option<Vec<String>> {
    let choices = at.list(0..=OPTIONS_MAX, |at| {
        let value = match at.value() {
            Some(value) if value.is_object() => at.field("value"),
            _ => *at,
        };
        value.required(|at| at.text(0..=1_000)).map(str::to_owned)
    })?;
    let mut seen = HashSet::new();
    Some(choices.into_iter().filter(|choice| seen.insert(choice.clone())).collect())
}
