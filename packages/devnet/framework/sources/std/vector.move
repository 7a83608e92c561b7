/// Growable sequences: the bytecode's own operations and what is usually built from them.
module std::vector {
    /// The index is past the end.
    const EINDEX_OUT_OF_BOUNDS: u64 = 0x20000;
    /// The range runs backwards.
    const EINVALID_RANGE: u64 = 0x20001;
    /// Two vectors walked together differ in length.
    const EVECTORS_LENGTH_MISMATCH: u64 = 0x20002;
    /// A range cannot have a step of zero.
    const EINVALID_STEP: u64 = 0x20003;
    /// The slice is outside the vector or runs backwards.
    const EINVALID_SLICE_RANGE: u64 = 0x20004;

    #[bytecode_instruction]
    native public fun empty<Element>(): vector<Element>;

    #[bytecode_instruction]
    native public fun length<Element>(self: &vector<Element>): u64;

    #[bytecode_instruction]
    native public fun borrow<Element>(self: &vector<Element>, i: u64): &Element;

    #[bytecode_instruction]
    native public fun push_back<Element>(self: &mut vector<Element>, e: Element);

    #[bytecode_instruction]
    native public fun borrow_mut<Element>(self: &mut vector<Element>, i: u64): &mut Element;

    #[bytecode_instruction]
    native public fun pop_back<Element>(self: &mut vector<Element>): Element;

    #[bytecode_instruction]
    native public fun destroy_empty<Element>(self: vector<Element>);

    #[bytecode_instruction]
    native public fun swap<Element>(self: &mut vector<Element>, i: u64, j: u64);

    public fun singleton<Element>(e: Element): vector<Element> {
        let one = empty();
        push_back(&mut one, e);
        one
    }

    public fun is_empty<Element>(self: &vector<Element>): bool {
        length(self) == 0
    }

    public fun reverse<Element>(self: &mut vector<Element>) {
        let end = length(self);
        reverse_slice(self, 0, end)
    }

    /// Mirrors the elements in [left, right).
    public fun reverse_slice<Element>(self: &mut vector<Element>, left: u64, right: u64) {
        assert!(left <= right, EINVALID_RANGE);
        while (left + 1 < right) {
            right = right - 1;
            swap(self, left, right);
            left = left + 1;
        }
    }

    public fun append<Element>(self: &mut vector<Element>, other: vector<Element>) {
        reverse(&mut other);
        reverse_append(self, other)
    }

    /// Appends `other` last element first.
    public fun reverse_append<Element>(self: &mut vector<Element>, other: vector<Element>) {
        while (!is_empty(&other)) {
            push_back(self, pop_back(&mut other));
        };
        destroy_empty(other)
    }

    /// Shortens to `new_len` and returns what was cut off.
    public fun trim<Element>(self: &mut vector<Element>, new_len: u64): vector<Element> {
        let cut = trim_reverse(self, new_len);
        reverse(&mut cut);
        cut
    }

    public fun trim_reverse<Element>(self: &mut vector<Element>, new_len: u64): vector<Element> {
        let left = length(self);
        assert!(new_len <= left, EINDEX_OUT_OF_BOUNDS);
        let cut = empty();
        while (left > new_len) {
            push_back(&mut cut, pop_back(self));
            left = left - 1;
        };
        cut
    }

    public fun contains<Element>(self: &vector<Element>, e: &Element): bool {
        let (found, _) = index_of(self, e);
        found
    }

    /// `(true, index)` of the first equal element, else `(false, 0)`.
    public fun index_of<Element>(self: &vector<Element>, e: &Element): (bool, u64) {
        let i = 0;
        let n = length(self);
        while (i < n) {
            if (borrow(self, i) == e) return (true, i);
            i = i + 1;
        };
        (false, 0)
    }

    public fun insert<Element>(self: &mut vector<Element>, i: u64, e: Element) {
        let n = length(self);
        assert!(i <= n, EINDEX_OUT_OF_BOUNDS);
        push_back(self, e);
        while (i < n) {
            swap(self, i, n);
            i = i + 1;
        }
    }

    /// Takes the `i`th element out and keeps the order of the rest.
    public fun remove<Element>(self: &mut vector<Element>, i: u64): Element {
        let n = length(self);
        assert!(i < n, EINDEX_OUT_OF_BOUNDS);
        while (i + 1 < n) {
            swap(self, i, i + 1);
            i = i + 1;
        };
        pop_back(self)
    }

    public fun remove_value<Element>(self: &mut vector<Element>, val: &Element): vector<Element> {
        let (found, i) = index_of(self, val);
        if (found) vector[remove(self, i)] else vector[]
    }

    /// Takes the `i`th element out; the last takes its place.
    public fun swap_remove<Element>(self: &mut vector<Element>, i: u64): Element {
        assert!(!is_empty(self), EINDEX_OUT_OF_BOUNDS);
        let last = length(self) - 1;
        swap(self, i, last);
        pop_back(self)
    }

    public fun replace<Element>(self: &mut vector<Element>, i: u64, val: Element): Element {
        let last = length(self);
        assert!(i < last, EINDEX_OUT_OF_BOUNDS);
        push_back(self, val);
        swap(self, i, last);
        pop_back(self)
    }

    public fun slice<Element: copy>(self: &vector<Element>, start: u64, end: u64): vector<Element> {
        assert!(start <= end && end <= length(self), EINVALID_SLICE_RANGE);
        let part = empty();
        while (start < end) {
            push_back(&mut part, *borrow(self, start));
            start = start + 1;
        };
        part
    }

    public fun range(start: u64, end: u64): vector<u64> {
        range_with_step(start, end, 1)
    }

    public fun range_with_step(start: u64, end: u64, step: u64): vector<u64> {
        assert!(step > 0, EINVALID_STEP);
        let numbers = empty();
        while (start < end) {
            push_back(&mut numbers, start);
            start = start + step;
        };
        numbers
    }

    public inline fun find<Element>(self: &vector<Element>, f: |&Element| bool): (bool, u64) {
        let found = false;
        let at = 0;
        let i = 0;
        let n = length(self);
        while (i < n) {
            if (f(borrow(self, i))) {
                found = true;
                at = i;
                break
            };
            i = i + 1;
        };
        (found, at)
    }

    public inline fun for_each<Element>(self: vector<Element>, f: |Element|) {
        reverse(&mut self);
        for_each_reverse(self, |e| f(e));
    }

    public inline fun for_each_reverse<Element>(self: vector<Element>, f: |Element|) {
        let left = length(&self);
        while (left > 0) {
            f(pop_back(&mut self));
            left = left - 1;
        };
        destroy_empty(self)
    }

    public inline fun for_each_ref<Element>(self: &vector<Element>, f: |&Element|) {
        let i = 0;
        let n = length(self);
        while (i < n) {
            f(borrow(self, i));
            i = i + 1
        }
    }

    public inline fun for_each_mut<Element>(self: &mut vector<Element>, f: |&mut Element|) {
        let i = 0;
        let n = length(self);
        while (i < n) {
            f(borrow_mut(self, i));
            i = i + 1
        }
    }

    public inline fun enumerate_ref<Element>(self: &vector<Element>, f: |u64, &Element|) {
        let i = 0;
        let n = length(self);
        while (i < n) {
            f(i, borrow(self, i));
            i = i + 1
        }
    }

    public inline fun enumerate_mut<Element>(self: &mut vector<Element>, f: |u64, &mut Element|) {
        let i = 0;
        let n = length(self);
        while (i < n) {
            f(i, borrow_mut(self, i));
            i = i + 1
        }
    }

    // Inlined bodies can't name this module's constants, hence the literal 0x20002 below.

    public inline fun zip<Element1, Element2>(
        self: vector<Element1>, v2: vector<Element2>, f: |Element1, Element2|
    ) {
        reverse(&mut self);
        reverse(&mut v2);
        zip_reverse(self, v2, |a, b| f(a, b));
    }

    public inline fun zip_reverse<Element1, Element2>(
        self: vector<Element1>, v2: vector<Element2>, f: |Element1, Element2|
    ) {
        let left = length(&self);
        assert!(left == length(&v2), 0x20002);
        while (left > 0) {
            f(pop_back(&mut self), pop_back(&mut v2));
            left = left - 1;
        };
        destroy_empty(self);
        destroy_empty(v2)
    }

    public inline fun zip_ref<Element1, Element2>(
        self: &vector<Element1>, v2: &vector<Element2>, f: |&Element1, &Element2|
    ) {
        let n = length(self);
        assert!(n == length(v2), 0x20002);
        let i = 0;
        while (i < n) {
            f(borrow(self, i), borrow(v2, i));
            i = i + 1
        }
    }

    public inline fun fold<Accumulator, Element>(
        self: vector<Element>, init: Accumulator, f: |Accumulator, Element| Accumulator
    ): Accumulator {
        let acc = init;
        for_each(self, |e| acc = f(acc, e));
        acc
    }

    public inline fun map<Element, NewElement>(
        self: vector<Element>, f: |Element| NewElement
    ): vector<NewElement> {
        let mapped = vector<NewElement>[];
        for_each(self, |e| push_back(&mut mapped, f(e)));
        mapped
    }

    public inline fun map_ref<Element, NewElement>(
        self: &vector<Element>, f: |&Element| NewElement
    ): vector<NewElement> {
        let mapped = vector<NewElement>[];
        for_each_ref(self, |e| push_back(&mut mapped, f(e)));
        mapped
    }

    public inline fun zip_map<Element1, Element2, NewElement>(
        self: vector<Element1>, v2: vector<Element2>, f: |Element1, Element2| NewElement
    ): vector<NewElement> {
        let mapped = vector<NewElement>[];
        zip(self, v2, |a, b| push_back(&mut mapped, f(a, b)));
        mapped
    }

    public inline fun zip_map_ref<Element1, Element2, NewElement>(
        self: &vector<Element1>, v2: &vector<Element2>, f: |&Element1, &Element2| NewElement
    ): vector<NewElement> {
        let mapped = vector<NewElement>[];
        zip_ref(self, v2, |a, b| push_back(&mut mapped, f(a, b)));
        mapped
    }

    public inline fun filter<Element: drop>(self: vector<Element>, p: |&Element| bool): vector<Element> {
        let kept = vector<Element>[];
        for_each(self, |e| {
            if (p(&e)) push_back(&mut kept, e);
        });
        kept
    }

    public inline fun any<Element>(self: &vector<Element>, p: |&Element| bool): bool {
        let (found, _) = find(self, |e| p(e));
        found
    }

    public inline fun all<Element>(self: &vector<Element>, p: |&Element| bool): bool {
        let (found, _) = find(self, |e| !p(e));
        !found
    }

    public inline fun destroy<Element>(self: vector<Element>, d: |Element|) {
        for_each_reverse(self, |e| d(e))
    }
}
