/// A small map kept as one vector; every look-up walks it.
module aptos_std::simple_map {
    use std::error;
    use std::option::{Self, Option};
    use std::vector;

    /// The map already has this key.
    const EKEY_ALREADY_EXISTS: u64 = 1;
    /// The map doesn't have this key.
    const EKEY_NOT_FOUND: u64 = 2;

    struct SimpleMap<Key, Value> has copy, drop, store {
        data: vector<Element<Key, Value>>
    }

    struct Element<Key, Value> has copy, drop, store {
        key: Key,
        value: Value
    }

    public fun new<Key: store, Value: store>(): SimpleMap<Key, Value> {
        SimpleMap { data: vector[] }
    }

    public fun create<Key: store, Value: store>(): SimpleMap<Key, Value> {
        new()
    }

    public fun new_from<Key: store, Value: store>(
        keys: vector<Key>, values: vector<Value>
    ): SimpleMap<Key, Value> {
        let map = new();
        add_all(&mut map, keys, values);
        map
    }

    public fun length<Key: store, Value: store>(self: &SimpleMap<Key, Value>): u64 {
        vector::length(&self.data)
    }

    public fun borrow<Key: store, Value: store>(self: &SimpleMap<Key, Value>, key: &Key): &Value {
        let at = find(self, key);
        assert!(option::is_some(&at), error::invalid_argument(EKEY_NOT_FOUND));
        &vector::borrow(&self.data, option::destroy_some(at)).value
    }

    public fun borrow_mut<Key: store, Value: store>(self: &mut SimpleMap<Key, Value>, key: &Key): &mut Value {
        let at = find(self, key);
        assert!(option::is_some(&at), error::invalid_argument(EKEY_NOT_FOUND));
        &mut vector::borrow_mut(&mut self.data, option::destroy_some(at)).value
    }

    public fun contains_key<Key: store, Value: store>(self: &SimpleMap<Key, Value>, key: &Key): bool {
        option::is_some(&find(self, key))
    }

    public fun destroy_empty<Key: store, Value: store>(self: SimpleMap<Key, Value>) {
        let SimpleMap { data } = self;
        vector::destroy_empty(data)
    }

    public fun add<Key: store, Value: store>(self: &mut SimpleMap<Key, Value>, key: Key, value: Value) {
        assert!(option::is_none(&find(self, &key)), error::invalid_argument(EKEY_ALREADY_EXISTS));
        vector::push_back(&mut self.data, Element { key, value })
    }

    public fun add_all<Key: store, Value: store>(
        self: &mut SimpleMap<Key, Value>, keys: vector<Key>, values: vector<Value>
    ) {
        vector::zip(keys, values, |k, v| add(self, k, v))
    }

    /// Replaces; returns the entry that was there.
    public fun upsert<Key: store, Value: store>(
        self: &mut SimpleMap<Key, Value>, key: Key, value: Value
    ): (Option<Key>, Option<Value>) {
        let at = find(self, &key);
        if (option::is_some(&at)) {
            let old = vector::replace(&mut self.data, option::destroy_some(at), Element { key, value });
            let Element { key, value } = old;
            (option::some(key), option::some(value))
        } else {
            vector::push_back(&mut self.data, Element { key, value });
            (option::none(), option::none())
        }
    }

    public fun keys<Key: copy, Value>(self: &SimpleMap<Key, Value>): vector<Key> {
        vector::map_ref(&self.data, |e| e.key)
    }

    public fun values<Key, Value: copy>(self: &SimpleMap<Key, Value>): vector<Value> {
        vector::map_ref(&self.data, |e| e.value)
    }

    public fun to_vec_pair<Key: store, Value: store>(
        self: SimpleMap<Key, Value>
    ): (vector<Key>, vector<Value>) {
        let keys = vector[];
        let values = vector[];
        let SimpleMap { data } = self;
        vector::for_each(data, |e| {
            let Element { key, value } = e;
            vector::push_back(&mut keys, key);
            vector::push_back(&mut values, value);
        });
        (keys, values)
    }

    public fun remove<Key: store, Value: store>(self: &mut SimpleMap<Key, Value>, key: &Key): (Key, Value) {
        let at = find(self, key);
        assert!(option::is_some(&at), error::invalid_argument(EKEY_NOT_FOUND));
        let Element { key, value } = vector::swap_remove(&mut self.data, option::destroy_some(at));
        (key, value)
    }

    fun find<Key: store, Value: store>(self: &SimpleMap<Key, Value>, key: &Key): Option<u64> {
        let i = 0;
        let n = vector::length(&self.data);
        while (i < n) {
            if (&vector::borrow(&self.data, i).key == key) return option::some(i);
            i = i + 1;
        };
        option::none()
    }
}
