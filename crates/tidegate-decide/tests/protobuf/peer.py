# Makes up .proto files, has protoc compile them, and writes messages of theirs with the library of the language: as they
# should be, and broken ones of which it says whether it reads them. One line of JSON a case.
import json, os, random, struct, tempfile
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, unknown_fields
from google.protobuf.descriptor import FieldDescriptor as F
from grpc_tools import protoc

random.seed(11)
SCALARS = ['bool', 'int32', 'sint32', 'uint32', 'int64', 'sint64', 'uint64', 'fixed32', 'sfixed32', 'float', 'fixed64',
           'sfixed64', 'double', 'string', 'bytes']
KEYS = [s for s in SCALARS if s not in ('float', 'double', 'bytes')]


def file_text(syntax, package, imported):
    """A file of some messages that hold each other."""
    two = syntax == 'proto2'
    names = ['M%d' % i for i in range(random.randint(1, 4))]
    lines = ['syntax = "%s";' % syntax, 'package %s;' % package]
    lines += ['import "%s";' % file for file, _ in imported]
    others = [name for _, all in imported for name in all]
    lines.append('enum E { E_NONE = 0; E_ONE = 1; E_LOW = -5; E_BIG = 70000; }')
    for name in names:
        numbers = iter(random.sample([*range(1, 40), 127, 128, 2047, 2048, 18999, 20000, 536870911], 30))
        lines.append('message %s {' % name)
        lines.append('  enum Own { OWN_A = 0; OWN_B = 3; }')
        lines.append('  message Inner { %s string text = 1; repeated Inner more = 2; }' % ('optional' if two else ''))
        if two:
            lines.append('  extensions 1000 to 1010;')
        types = lambda: random.choice(SCALARS + (names + others + ['E', 'Own', 'Inner']) * 2)
        for i in range(random.randint(0, 9)):
            number, kind = next(numbers), random.random()
            if kind < .2:
                value = types()
                lines.append('  map<%s, %s> f%d_map = %d;' % (random.choice(KEYS), value, i, number))
            elif kind < .45:
                ty = types()
                scalar = ty in ('E', 'Own') or ty in SCALARS and ty not in ('string', 'bytes')
                packed = random.choice(['', ' [packed = true]', ' [packed = false]']) if scalar else ''
                lines.append('  repeated %s f%d_list = %d%s;' % (ty, i, number, packed))
            elif kind < .55:
                lines.append('  oneof f%d_one { %s f%d_a = %d; %s f%d_b = %d; }' % (
                    i, types(), i, number, types(), i, next(numbers)))
            elif two and kind < .65:
                lines.append('  optional group Group%d = %d { optional int32 a = 1; optional string b = 2; }' % (i, number))
            elif two:
                label = 'required' if random.random() < .2 else 'optional'
                ty = types()
                # What needs itself never ends.
                label = 'optional' if ty in names else label
                lines.append('  %s %s f%d_field = %d;' % (label, ty, i, number))
            else:
                lines.append('  %s %s f%d_field = %d;' % (random.choice(['', 'optional']), types(), i, number))
        lines.append('}')
    if two:
        lines.append('extend %s { optional string more_text = 1000; repeated int32 more_numbers = 1001; }' % names[0])
    return '\n'.join(lines) + '\n', names


def compiled(files, main):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, 'w').write(text)
        out = os.path.join(folder, 'out')
        standard = os.path.join(os.path.dirname(protoc.__file__), '_proto')
        quiet = os.dup(2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        code = protoc.main(['protoc', '-I', folder, '-I', standard, '--include_imports', '--descriptor_set_out', out, main])
        os.dup2(quiet, 2)
        if code:
            return None
        found = descriptor_pb2.FileDescriptorSet.FromString(open(out, 'rb').read())
    pool = descriptor_pool.DescriptorPool()
    for file in found.file:
        pool.Add(file) if hasattr(pool, 'Add') else pool.AddSerializedFile(file.SerializeToString())
    return pool


def scalar(field):
    t = field.type
    if t == F.TYPE_BOOL: return random.random() < .5
    if t in (F.TYPE_INT32, F.TYPE_SINT32, F.TYPE_SFIXED32): return random.choice([0, 1, -1, 2**31 - 1, -2**31, random.randint(-999, 999)])
    if t in (F.TYPE_INT64, F.TYPE_SINT64, F.TYPE_SFIXED64): return random.choice([0, 1, -1, 2**63 - 1, -2**63, random.randint(-10**12, 10**12)])
    if t in (F.TYPE_UINT32, F.TYPE_FIXED32): return random.choice([0, 2**32 - 1, random.randint(0, 999)])
    if t in (F.TYPE_UINT64, F.TYPE_FIXED64): return random.choice([0, 2**64 - 1, random.randint(0, 10**12)])
    if t in (F.TYPE_FLOAT, F.TYPE_DOUBLE): return random.choice([0.0, 1.5, -2.25, 1e30, float('inf'), float('nan')])
    if t == F.TYPE_STRING: return ''.join(random.choice(['a', 'ß', '水', '🦀', ' ', '"', '~', '/']) for _ in range(random.randint(0, 6)))
    if t == F.TYPE_BYTES: return random.randbytes(random.randint(0, 6))
    return random.choice([v.number for v in field.enum_type.values])


def fill(message, depth=0):
    fields = list(message.DESCRIPTOR.fields)
    for extension in message.DESCRIPTOR.file.pool.FindAllExtensions(message.DESCRIPTOR):
        if random.random() < .5:
            held = message.Extensions[extension]
            if extension.is_repeated: held.extend([scalar(extension) for _ in range(2)])
            else: message.Extensions[extension] = scalar(extension)
    for field in fields:
        if not field.is_required and random.random() < .35 + depth * .15:
            continue
        if field.is_required and random.random() < .02:
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields_by_name['key'], field.message_type.fields_by_name['value']
            held = getattr(message, field.name)
            for _ in range(random.randint(0, 3)):
                if value.message_type: fill(held[scalar(key)], depth + 1)
                else: held[scalar(key)] = scalar(value)
        elif field.is_repeated:
            held = getattr(message, field.name)
            for _ in range(random.randint(0, 3)):
                if field.message_type: fill(held.add(), depth + 1)
                else: held.append(scalar(field))
        elif field.message_type:
            held = getattr(message, field.name)
            held.SetInParent()
            fill(held, depth + 1)
        else:
            setattr(message, field.name, scalar(field))


def shown(field, value):
    t = field.type
    if t == F.TYPE_BOOL: return 'true' if value else 'false'
    if t == F.TYPE_FLOAT: return 'nan' if value != value else struct.pack('<f', value).hex()
    if t == F.TYPE_DOUBLE: return 'nan' if value != value else struct.pack('<d', value).hex()
    if t == F.TYPE_STRING: return value.encode().hex()
    if t == F.TYPE_BYTES: return value.hex()
    return str(value)


def values(message, at, out):
    for field, held in message.ListFields():
        name = '[%s]' % field.full_name if field.is_extension else field.name
        if field.message_type and field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields_by_name['key'], field.message_type.fields_by_name['value']
            for k in held:
                path = '%s/%s/*' % (at, name)
                out += [path + '=message', '%s/key=%s' % (path, shown(key, k))]
                if value.message_type:
                    out.append(path + '/value=message')
                    values(held[k], path + '/value', out)
                else:
                    out.append('%s/value=%s' % (path, shown(value, held[k])))
            continue
        for one in held if field.is_repeated else [held]:
            path = '%s/%s' % (at, name) + ('/*' if field.is_repeated else '')
            if field.message_type:
                out.append(path + '=message')
                values(one, path, out)
            else:
                out.append('%s=%s' % (path, shown(field, one)))
    return out


WIRE = {F.TYPE_FIXED32: 5, F.TYPE_SFIXED32: 5, F.TYPE_FLOAT: 5, F.TYPE_FIXED64: 1, F.TYPE_SFIXED64: 1, F.TYPE_DOUBLE: 1,
        F.TYPE_STRING: 2, F.TYPE_BYTES: 2, F.TYPE_MESSAGE: 2, F.TYPE_GROUP: 3}


def meant(message):
    """No known number was skipped for its wire type."""
    pool = message.DESCRIPTOR.file.pool
    known = dict(message.DESCRIPTOR.fields_by_number)
    known.update({e.number: e for e in pool.FindAllExtensions(message.DESCRIPTOR)})
    for unknown in unknown_fields.UnknownFieldSet(message):
        field = known.get(unknown.field_number)
        if field and unknown.wire_type != WIRE.get(field.type, 0):
            return False
    for field, held in message.ListFields():
        if not field.message_type: continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name['value'].message_type and not all(meant(held[k]) for k in held): return False
        elif not all(meant(one) for one in (held if field.is_repeated else [held])): return False
    return True


def reads(kind, raw):
    try:
        message = kind.FromString(raw)
        values(message, '', [])
        return message.IsInitialized() and meant(message)
    except Exception:
        return False


def mutated(raw):
    raw = bytearray(raw)
    for _ in range(random.randint(1, 3)):
        at, how = random.randint(0, len(raw)), random.random()
        if how < .4 and at < len(raw): raw[at] = random.randrange(256)
        elif how < .6: raw[at:at] = random.randbytes(random.randint(1, 3))
        elif how < .8: del raw[at:]
        elif at < len(raw): del raw[at]
    return bytes(raw)


OTHERS = [None, True, 7, -1, 1.5, 2**40, '7', 'x', '', [], {}, [1], {'a': 1}, 'OWN_B', 'AAA=', 1e400]


def other(value):
    """The same JSON with one value that is another one."""
    if isinstance(value, dict) and value and random.random() < .8:
        key = random.choice(list(value))
        if random.random() < .1:
            return {**value, 'nobody': 1}
        return {**value, key: other(value[key])}
    if isinstance(value, list) and value and random.random() < .8:
        at = random.randrange(len(value))
        return value[:at] + [other(value[at])] + value[at + 1:]
    return random.choice(OTHERS[:-1])


def lenient(descriptor, value):
    """Takes what the library reads and the language doesn't have: any empty thing as a message, a boolean as a number, and
    as a number of an enumeration whatever `int` makes one of."""
    if not isinstance(value, dict):
        return not value and value is not None
    if descriptor.full_name.startswith('google.protobuf.'):
        return False
    pool = descriptor.file.pool
    known = {name: f for f in descriptor.fields for name in (f.name, f.json_name)}
    known.update({'[%s]' % f.full_name: f for f in pool.FindAllExtensions(descriptor)})
    for name, held in value.items():
        field = known.get(name)
        if field is None or held is None: continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            if not isinstance(held, dict): continue
            field, all = field.message_type.fields_by_name['value'], list(held.values())
        else:
            all = (held if isinstance(held, list) else []) if field.is_repeated else [held]
        for one in all:
            if field.message_type and not field.message_type.full_name.startswith('google.protobuf.') and lenient(field.message_type, one):
                return True
            if field.type in (F.TYPE_FLOAT, F.TYPE_DOUBLE) and isinstance(one, bool):
                return True
            if field.enum_type and (isinstance(one, (float, bool)) or isinstance(one, int) and not -2**31 <= one < 2**31
                                    or isinstance(one, str) and one not in field.enum_type.values_by_name):
                return True
    return False


def in_json(kind, pool, value):
    try:
        if lenient(kind.DESCRIPTOR, value):
            return False
        message = kind()
        json_format.ParseDict(value, message, descriptor_pool=pool)
        return message.IsInitialized()
    except Exception:
        return False


for round in range(40):
    syntax = random.choice(['proto2', 'proto3'])
    part, parts = file_text(syntax, 'shop.parts', [])
    text, names = file_text(syntax, 'shop', [('shop/parts.proto', ['shop.parts.' + name for name in parts])])
    files = {'shop/parts.proto': part, 'shop/main.proto': text}
    pool = compiled(files, 'shop/main.proto')
    assert pool, text
    for name in names:
        kind = message_factory.GetMessageClass(pool.FindMessageTypeByName('shop.' + name))
        case = {'files': files, 'message': 'shop.' + name}
        for _ in range(12):
            message = kind()
            fill(message)
            raw = message.SerializePartialToString(deterministic=True)
            fits = message.IsInitialized()
            case_values = sorted(values(message, '', []))
            print(json.dumps({**case, 'hex': raw.hex(), 'fits': fits, 'values': case_values}))
            broken = mutated(raw)
            print(json.dumps({**case, 'hex': broken.hex(), 'fits': reads(kind, broken)}))
            names_too = random.random() < .5
            written = json.loads(json_format.MessageToJson(message, preserving_proto_field_name=names_too, descriptor_pool=pool))
            print(json.dumps({**case, 'json': json.dumps(written), 'fits': fits}))
            # Maps come in any order, and the next choices hang on it.
            written = json.loads(json.dumps(written, sort_keys=True))
            changed = other(written)
            print(json.dumps({**case, 'json': json.dumps(changed), 'fits': in_json(kind, pool, changed)}))

WELL_KNOWN = '''syntax = "proto3";
import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto"; import "google/protobuf/any.proto"; import "google/protobuf/field_mask.proto";
message W { google.protobuf.Timestamp time = 1; google.protobuf.Duration lasts = 2; google.protobuf.Struct object = 3;
  google.protobuf.Value value = 4; google.protobuf.ListValue list = 5; google.protobuf.Int64Value wide = 6;
  google.protobuf.StringValue text = 7; google.protobuf.FieldMask mask = 8; google.protobuf.BoolValue flag = 9;
  google.protobuf.NullValue nothing = 10; repeated google.protobuf.Value values = 11; }'''
pool = compiled({'w.proto': WELL_KNOWN}, 'w.proto')
kind = message_factory.GetMessageClass(pool.FindMessageTypeByName('W'))
for key, value in [(key, value) for key in ['time', 'lasts', 'object', 'value', 'list', 'wide', 'text', 'flag', 'nothing', 'values', 'mask']
                   for value in [None, 1, '1', 'x', '2024-02-30T00:00:00Z', '2024-02-29T10:00:00.123Z', '2024-02-29', '1.5s', '-3s', '1.123456789s', 's',
                                 '400000000000s', {}, {'a': [1, None]}, [], [1, None, {}], True, '9223372036854775808', 'NULL_VALUE', 'a.b']]:
    print(json.dumps({'files': {'w.proto': WELL_KNOWN}, 'message': 'W', 'json': json.dumps({key: value}),
                      'fits': in_json(kind, pool, {key: value})}))

# Files that are wrong, or only look so.
for text in ['message M { int32 a = 1; }', 'syntax = "proto3"; message M { int32 a = 1; int32 b = 1; }',
             'syntax = "proto3"; message M { int32 a = 0; }', 'syntax = "proto3"; message M { required int32 a = 1; }',
             'syntax = "proto3"; message M { N a = 1; }', 'syntax = "proto3"; message M { int32 a = 19000; }',
             'syntax = "proto3"; message M { reserved 1; int32 a = 1; }', 'syntax = "proto3"; message M { reserved "a"; int32 a = 1; }',
             'syntax = "proto3"; enum E { A = 1; } message M { E a = 1; }', 'syntax = "proto3"; import "none.proto"; message M {}',
             'syntax = "proto3"; message M { map<float, int32> a = 1; }', 'syntax = "proto3"; message M { int32 a = 1 }',
             'syntax = "proto3"; message M { message M { M m = 1; } M m = 2; .M n = 3; }', 'syntax = "proto4"; message M {}',
             'syntax = "proto2"; message M { optional group G = 1 { optional int32 a = 1; } }', 'syntax = "proto3"; message M {} message M {}']:
    print(json.dumps({'files': {'m.proto': text}, 'message': 'M', 'compiles': compiled({'m.proto': text}, 'm.proto') is not None}))
