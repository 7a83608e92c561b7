/// Module events.
module aptos_framework::event {
    public fun emit<T: store + drop>(msg: T) {
        emit_event(&msg)
    }

    native fun emit_event<T: store + drop>(msg: &T);

    #[test_only]
    /// Every event of type `T` so far, oldest first.
    native public fun emitted_events<T: drop + store>(): vector<T>;

    #[test_only]
    public fun was_event_emitted<T: drop + store>(msg: &T): bool {
        std::vector::contains(&emitted_events<T>(), msg)
    }
}
