//! Words by what they do in a query.

pub(super) fn is_logic(word: &[u8]) -> bool {
    matches!(word, b"or" | b"and" | b"xor" | b"having" | b"where" | b"when" | b"on")
}

pub(super) fn is_comparison(word: &[u8]) -> bool {
    matches!(
        word,
        b"like"
            | b"rlike"
            | b"regexp"
            | b"ilike"
            | b"glob"
            | b"is"
            | b"in"
            | b"between"
            | b"sounds"
            | b"similar"
            | b"div"
            | b"mod"
    )
}

/// The first letters of the words below; a test holds them together.
const fn begins_a_continuation(letter: u8) -> bool {
    matches!(
        letter,
        b'a' | b'b'
            | b'd'
            | b'e'
            | b'g'
            | b'h'
            | b'i'
            | b'l'
            | b'm'
            | b'n'
            | b'o'
            | b'p'
            | b'r'
            | b's'
            | b'u'
            | b'w'
            | b'x'
    )
}

/// What a query may go on with behind a quote begins with these; evaluated by the compiler.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
pub(super) const fn first_bytes() -> [bool; 256] {
    let mut table = [true; 256];
    let mut others: &[u8] = b"'\"`[0123456789@:?$\\.";
    while let [other, rest @ ..] = others {
        table[*other as usize] = false;
        others = rest;
    }
    let mut letter = b'a';
    while letter <= b'z' {
        table[letter as usize] = begins_a_continuation(letter);
        letter += 1;
    }
    table
}

/// Words that a query may go on with behind a value.
pub(super) fn is_continuation(word: &[u8]) -> bool {
    matches!(
        word,
        b"union"
            | b"except"
            | b"intersect"
            | b"minus"
            | b"order"
            | b"group"
            | b"procedure"
            | b"into"
            | b"waitfor"
            | b"limit"
            | b"offset"
            | b"as"
            | b"in"
            | b"not"
    ) || is_logic(word)
        || is_comparison(word)
}

pub(super) fn is_clause(word: &[u8]) -> bool {
    matches!(
        word,
        b"from"
            | b"where"
            | b"union"
            | b"group"
            | b"order"
            | b"limit"
            | b"having"
            | b"join"
            | b"inner"
            | b"left"
            | b"right"
            | b"as"
            | b"set"
            | b"values"
            | b"into"
            | b"procedure"
            | b"for"
            | b"offset"
            | b"waitfor"
            | b"on"
            | b"using"
            | b"and"
            | b"or"
            | b"then"
            | b"else"
            | b"end"
            | b"when"
    )
}

/// What databases let somebody do.
pub(super) fn is_privilege(word: &[u8]) -> bool {
    matches!(
        word,
        b"all"
            | b"select"
            | b"insert"
            | b"update"
            | b"delete"
            | b"execute"
            | b"usage"
            | b"create"
            | b"alter"
            | b"drop"
            | b"index"
            | b"references"
            | b"trigger"
            | b"file"
            | b"super"
            | b"process"
            | b"connect"
            | b"resource"
            | b"dba"
            | b"sysdba"
            | b"sysadmin"
            | b"control"
            | b"role"
    )
}

pub(super) fn is_package(name: &[u8]) -> bool {
    [&b"dbms_"[..], b"utl_", b"ctxsys.", b"sys.", b"xmltype", b"master..xp_", b"master.dbo.xp_"]
        .iter()
        .any(|p| name.starts_with(p))
}

/// Functions that injections delay, read, write or raise errors with.
pub(super) fn is_dangerous(name: &[u8]) -> bool {
    matches!(
        name,
        b"sleep"
            | b"pg_sleep"
            | b"benchmark"
            | b"load_file"
            | b"extractvalue"
            | b"updatexml"
            | b"xp_cmdshell"
            | b"xp_dirtree"
            | b"randomblob"
            | b"generate_series"
            | b"elt"
            | b"make_set"
            | b"regexp_substring"
            | b"crypt_key"
            | b"char"
            | b"chr"
            | b"ascii"
            | b"ord"
            | b"substring"
            | b"substr"
            | b"mid"
            | b"hex"
            | b"unhex"
            | b"concat"
            | b"concat_ws"
            | b"group_concat"
            | b"version"
            | b"database"
            | b"user"
            | b"current_user"
            | b"row_count"
            | b"if"
            | b"iif"
            | b"ifnull"
            | b"nullif"
            | b"cast"
            | b"convert"
            | b"row"
            | b"exp"
            | b"polygon"
            | b"geometrycollection"
            | b"linestring"
            | b"multipoint"
            | b"multipolygon"
            | b"multilinestring"
            | b"gtid_subset"
            | b"gtid_subtract"
            | b"json_keys"
            | b"json_extract"
            | b"json_depth"
            | b"name_const"
            | b"load_extension"
            | b"pg_read_file"
            | b"lo_import"
            | b"sqlite_version"
            | b"xmltype"
            | b"uuid_short"
            | b"like"
            | b"upper"
            | b"lower"
            | b"length"
            | b"count"
            | b"rand"
            | b"floor"
            | b"md5"
            | b"sha1"
            | b"repeat"
            | b"left"
            | b"right"
            | b"strcmp"
            | b"bin"
            | b"sysdate"
            | b"openrowset"
            | b"opendatasource"
            | b"fn_xe_file_target_read_file"
            | b"db_name"
            | b"host_name"
            | b"is_srvrolemember"
            | b"unicode"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word of this file that a query may go on with begins with a letter that is looked for.
    #[test]
    fn first_letters_of_continuations() {
        let source = include_str!("words.rs");
        let words = source.split("b\"").skip(1).filter_map(|rest| rest.split('"').next());
        let mut count = 0;
        for word in words.filter(|word| is_continuation(word.as_bytes())) {
            assert!(begins_a_continuation(word.as_bytes()[0]), "{word}");
            count += 1;
        }
        assert!(count > 25, "{count}");
    }
}
