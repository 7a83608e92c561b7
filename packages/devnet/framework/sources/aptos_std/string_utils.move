/// Any value as readable text.
module aptos_std::string_utils {
    use std::string::String;

    /// The format string names more or fewer values than it was given.
    const EARGS_MISMATCH: u64 = 1;
    /// The format string is malformed.
    const EINVALID_FORMAT: u64 = 2;

    // The VM recognises a heterogeneous list by these two names.
    struct Cons<T, N> has copy, drop, store {
        car: T,
        cdr: N
    }

    struct NIL has copy, drop, store {}

    public fun to_string<T>(s: &T): String {
        native_format(s, false, false, true, false)
    }

    public fun to_string_with_canonical_addresses<T>(s: &T): String {
        native_format(s, false, true, true, false)
    }

    public fun to_string_with_integer_types<T>(s: &T): String {
        native_format(s, false, true, true, true)
    }

    public fun debug_string<T>(s: &T): String {
        native_format(s, true, false, false, false)
    }

    public fun format1<T0: drop>(fmt: &vector<u8>, a: T0): String {
        native_format_list(fmt, &Cons { car: a, cdr: NIL {} })
    }

    public fun format2<T0: drop, T1: drop>(fmt: &vector<u8>, a: T0, b: T1): String {
        native_format_list(fmt, &Cons { car: a, cdr: Cons { car: b, cdr: NIL {} } })
    }

    public fun format3<T0: drop, T1: drop, T2: drop>(fmt: &vector<u8>, a: T0, b: T1, c: T2): String {
        native_format_list(fmt, &Cons { car: a, cdr: Cons { car: b, cdr: Cons { car: c, cdr: NIL {} } } })
    }

    public fun format4<T0: drop, T1: drop, T2: drop, T3: drop>(
        fmt: &vector<u8>, a: T0, b: T1, c: T2, d: T3
    ): String {
        native_format_list(
            fmt,
            &Cons { car: a, cdr: Cons { car: b, cdr: Cons { car: c, cdr: Cons { car: d, cdr: NIL {} } } } }
        )
    }

    native fun native_format<T>(
        s: &T, type_tag: bool, canonicalize: bool, single_line: bool, include_int_types: bool
    ): String;
    native fun native_format_list<T>(fmt: &vector<u8>, val: &T): String;
}
