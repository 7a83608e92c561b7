/// Printing while a unit test runs; on chain it prints nothing.
module std::debug {
    use std::string::String;
    use aptos_std::string_utils;

    public fun print<T>(x: &T) {
        native_print(string_utils::debug_string(x));
    }

    public fun print_string(x: &String) {
        native_print(*x);
    }

    native fun native_print(x: String);
}
