//! Protocol buffers, as `.proto` files hold them: `protox` reads them, and what it found becomes flat lists.

use super::{Fetch, Problem, digest};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use protox::prost_reflect::prost_types::MessageOptions;
use protox::prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, FileDescriptor, Kind,
    MessageDescriptor, Syntax,
};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use tidegate_graph::contract::schema::{
    ProtobufEnum, ProtobufField, ProtobufMessage, ProtobufProgram, ProtobufType,
};

/// Messages and enumerations of one schema.
const MOST: usize = 50_000;
/// Files of one schema.
const FILES: usize = 1_000;

/// A compiled file of protocol buffers.
#[derive(Clone, Debug)]
pub struct Protobuf {
    /// What the interpreter takes.
    pub program: ProtobufProgram,
    /// What messages and enumerations keep free, by their full names.
    pub reserved: BTreeMap<String, Reserved>,
    /// SHA-256 of all files that it was compiled from, without those of `google/protobuf`.
    pub digest: String,
}

/// Numbers and names that are not to be used again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// Numbers; the end is excluded.
    pub numbers: Vec<Range<i64>>,
    /// Names.
    pub names: Vec<String>,
}

/// Compiles one message of the file `name`, and all that it leads to. Without a name the file has to hold one message.
///
/// # Errors
/// Says what is wrong, and where.
pub fn protobuf(name: &str, message: Option<&str>, fetch: &Fetch<'_>) -> Result<Protobuf, Problem> {
    let (file, digest) = read(name, fetch)?;
    let problem = |message: String| Problem::malformed(name, message);
    let root = match message {
        Some(wanted) => {
            let full = |m: &MessageDescriptor| m.full_name() == wanted;
            let short = |m: &MessageDescriptor| m.full_name().ends_with(&format!(".{wanted}"));
            let all = of_file(&file);
            let mut short = all.iter().filter(|m| short(m));
            match (all.iter().find(|m| full(m)), short.next(), short.next()) {
                (Some(found), ..) | (None, Some(found), None) => found.clone(),
                (None, None, _) => return Err(problem(format!("there is no message `{wanted}` in it"))),
                _ => return Err(problem(format!("`{wanted}` can be several messages"))),
            }
        }
        None => {
            let mut all = file.messages();
            match (all.next(), all.next()) {
                (Some(only), None) => only,
                (None, _) => return Err(problem("there is no message in it".into())),
                _ => {
                    let help = "it holds several messages: say which one, as in `orders.proto#shop.Order`";
                    return Err(problem(help.into()));
                }
            }
        }
    };
    let mut emitter = Emitter::default();
    emitter.all(vec![root.clone()]).map_err(problem)?;
    // A path in a file has the field of the messages before each index: 4 of a file, 3 of a message.
    let path = root.path().iter().skip(1).step_by(2).filter_map(|at| u32::try_from(*at).ok());
    emitter.program.path = path.collect();
    Ok(Protobuf { program: emitter.program, reserved: emitter.reserved, digest })
}

/// Compiles all messages of the file `name`, for whoever compares versions.
///
/// # Errors
/// Says what is wrong, and where.
pub fn protobuf_file(name: &str, fetch: &Fetch<'_>) -> Result<Protobuf, Problem> {
    let (file, digest) = read(name, fetch)?;
    let mut emitter = Emitter::default();
    let ended = emitter.all(of_file(&file));
    ended.map_err(|message| Problem::malformed(name, message))?;
    for of in file.enums() {
        emitter.enumeration(&of);
    }
    Ok(Protobuf { program: emitter.program, reserved: emitter.reserved, digest })
}

/// All messages of a file, also those in each other.
fn of_file(file: &FileDescriptor) -> Vec<MessageDescriptor> {
    let mut all: Vec<_> = file.messages().collect();
    let mut at = 0;
    while let Some(message) = all.get(at).cloned() {
        all.extend(message.child_messages().filter(|m| !m.is_map_entry()));
        at += 1;
    }
    all
}

/// Files by the name that imports have for them.
struct Read(HashMap<String, File>);

impl FileResolver for Read {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        self.0.get(name).cloned().ok_or_else(|| protox::Error::file_not_found(name))
    }
}

/// Reads a file with all that it imports, and resolves the names in them.
fn read(name: &str, fetch: &Fetch<'_>) -> Result<(FileDescriptor, String), Problem> {
    let google = GoogleFileResolver::new();
    let mut files = HashMap::new();
    let mut texts = BTreeMap::new();
    let mut wanted = vec![name.to_string()];
    while let Some(next) = wanted.pop() {
        if files.contains_key(&next) {
            continue;
        }
        let problem = |message: &str| Problem::malformed(next.clone(), message);
        if files.len() >= FILES {
            return Err(problem("more than 1,000 files import each other"));
        }
        // One that isn't there is told by whoever imports it, with the line.
        let Some(bytes) = fetch(&next).filter(|_| google.open_file(&next).is_err()) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { return Err(problem("it is no UTF-8")) };
        let file = File::from_source(&next, &text).map_err(|error| shown(name, &error))?;
        wanted.extend(file.file_descriptor_proto().dependency.iter().cloned());
        texts.insert(next.clone(), text);
        files.insert(next, file);
    }
    let mut resolver = ChainFileResolver::new();
    resolver.add(Read(files));
    resolver.add(google);
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.open_file(name).map_err(|error| shown(name, &error))?;
    let pool: DescriptorPool = compiler.descriptor_pool();
    let texts: Vec<&str> = texts.iter().flat_map(|(name, text)| [name, "\0", text, "\0"]).collect();
    match pool.get_file_by_name(name) {
        Some(file) => Ok((file, digest(&texts))),
        None => Err(Problem::malformed(name, "there is no such file")),
    }
}

/// The library's errors begin with their place, in their long form alone.
fn shown(name: &str, error: &protox::Error) -> Problem {
    let long = format!("{error:?}");
    let file = error.file().unwrap_or(name);
    let message = long.strip_prefix(file).map_or(long.as_str(), |rest| rest.trim_start_matches(':'));
    let (line, message) = match message.split_once(": ") {
        Some((at, message)) if at.bytes().all(|b| b.is_ascii_digit() || b == b':') && !at.is_empty() => {
            (format!("line {}: ", at.split(':').next().unwrap_or_default()), message)
        }
        _ => (String::new(), message),
    };
    Problem::malformed(file, format!("{line}{message}"))
}

#[derive(Default)]
struct Emitter {
    program: ProtobufProgram,
    messages: HashMap<String, u32>,
    enums: HashMap<String, u32>,
    reserved: BTreeMap<String, Reserved>,
    /// Numbered, and still to be written.
    open: Vec<MessageDescriptor>,
}

impl Emitter {
    /// Writes the messages, and all that they lead to.
    fn all(&mut self, messages: Vec<MessageDescriptor>) -> Result<(), String> {
        for message in &messages {
            self.message(message);
        }
        let mut at = 0;
        while let Some(message) = self.open.get(at).cloned() {
            if at + self.enums.len() > MOST {
                return Err("more than 50,000 messages and enumerations".into());
            }
            let written = self.written(&message)?;
            self.program.messages.push(written);
            at += 1;
        }
        Ok(())
    }

    fn message(&mut self, message: &MessageDescriptor) -> u32 {
        let next = u32::try_from(self.open.len()).unwrap_or(u32::MAX);
        let at = *self.messages.entry(message.full_name().to_string()).or_insert(next);
        if at == next {
            self.open.push(message.clone());
        }
        at
    }

    fn enumeration(&mut self, of: &EnumDescriptor) -> u32 {
        let next = u32::try_from(self.enums.len()).unwrap_or(u32::MAX);
        let at = *self.enums.entry(of.full_name().to_string()).or_insert(next);
        if at == next {
            self.program.enums.push(ProtobufEnum {
                name: of.full_name().to_string(),
                closed: of.parent_file().syntax() == Syntax::Proto2,
                values: of.values().map(|v| (v.name().to_string(), v.number())).collect(),
            });
            let numbers =
                of.reserved_ranges().map(|r| i64::from(*r.start())..i64::from(*r.end()) + 1).collect();
            let names = of.reserved_names().map(str::to_string).collect();
            self.reserved.insert(of.full_name().to_string(), Reserved { numbers, names });
        }
        at
    }

    fn written(&mut self, message: &MessageDescriptor) -> Result<ProtobufMessage, String> {
        let name = message.full_name().to_string();
        let options = message.descriptor_proto().options.as_ref();
        if options.is_some_and(MessageOptions::message_set_wire_format) {
            return Err(format!("`{name}` has the old wire format of message sets"));
        }
        // The library lets this pass.
        if let Some(field) =
            message.fields().find(|field| message.reserved_names().any(|r| r == field.name()))
        {
            return Err(format!("`{}` of `{name}` is a reserved name", field.name()));
        }
        let fields = message.fields().map(|field| (field.number(), self.field(&field)));
        let mut fields: BTreeMap<u32, ProtobufField> = fields.collect();
        fields.extend(message.extensions().map(|field| (field.number(), self.extension(&field))));
        let numbers = message.reserved_ranges().map(|r| i64::from(r.start)..i64::from(r.end)).collect();
        let names = message.reserved_names().map(str::to_string).collect();
        self.reserved.insert(name.clone(), Reserved { numbers, names });
        Ok(ProtobufMessage { name, fields, entry: message.is_map_entry() })
    }

    fn field(&mut self, field: &FieldDescriptor) -> ProtobufField {
        let json = Some(field.json_name().to_string()).filter(|json| json != field.name());
        let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
        ProtobufField {
            name: field.name().to_string(),
            json,
            ty: self.ty(&field.kind(), field.is_group()),
            repeated: field.cardinality() == Cardinality::Repeated,
            required: field.cardinality() == Cardinality::Required,
            oneof: oneof.and_then(|oneof| u32::try_from(*oneof.path().last()?).ok()),
        }
    }

    fn extension(&mut self, field: &ExtensionDescriptor) -> ProtobufField {
        ProtobufField {
            name: format!("[{}]", field.full_name()),
            json: None,
            ty: self.ty(&field.kind(), field.is_group()),
            repeated: field.cardinality() == Cardinality::Repeated,
            required: false,
            oneof: None,
        }
    }

    fn ty(&mut self, kind: &Kind, group: bool) -> ProtobufType {
        match kind {
            Kind::Bool => ProtobufType::Bool,
            Kind::Int32 => ProtobufType::Int32,
            Kind::Sint32 => ProtobufType::Sint32,
            Kind::Uint32 => ProtobufType::Uint32,
            Kind::Int64 => ProtobufType::Int64,
            Kind::Sint64 => ProtobufType::Sint64,
            Kind::Uint64 => ProtobufType::Uint64,
            Kind::Fixed32 => ProtobufType::Fixed32,
            Kind::Sfixed32 => ProtobufType::Sfixed32,
            Kind::Float => ProtobufType::Float,
            Kind::Fixed64 => ProtobufType::Fixed64,
            Kind::Sfixed64 => ProtobufType::Sfixed64,
            Kind::Double => ProtobufType::Double,
            Kind::String => ProtobufType::String,
            Kind::Bytes => ProtobufType::Bytes,
            Kind::Enum(of) => ProtobufType::Enum(self.enumeration(of)),
            Kind::Message(of) if group => ProtobufType::Group(self.message(of)),
            Kind::Message(of) => ProtobufType::Message(self.message(of)),
        }
    }
}
