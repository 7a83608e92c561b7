/// A value that may be absent, kept as a vector of none or one.
module std::option {
    use std::vector;

    struct Option<Element> has copy, drop, store {
        vec: vector<Element>
    }

    /// The option already holds a value.
    const EOPTION_IS_SET: u64 = 0x40000;
    /// The option holds no value.
    const EOPTION_NOT_SET: u64 = 0x40001;
    /// More than one value cannot make an option.
    const EOPTION_VEC_TOO_LONG: u64 = 0x40002;

    public fun none<Element>(): Option<Element> {
        Option { vec: vector[] }
    }

    public fun some<Element>(e: Element): Option<Element> {
        Option { vec: vector[e] }
    }

    public fun from_vec<Element>(vec: vector<Element>): Option<Element> {
        assert!(vector::length(&vec) <= 1, EOPTION_VEC_TOO_LONG);
        Option { vec }
    }

    public fun to_vec<Element>(self: Option<Element>): vector<Element> {
        let Option { vec } = self;
        vec
    }

    public fun is_none<Element>(self: &Option<Element>): bool {
        vector::is_empty(&self.vec)
    }

    public fun is_some<Element>(self: &Option<Element>): bool {
        !vector::is_empty(&self.vec)
    }

    public fun contains<Element>(self: &Option<Element>, e_ref: &Element): bool {
        vector::contains(&self.vec, e_ref)
    }

    public fun borrow<Element>(self: &Option<Element>): &Element {
        assert!(is_some(self), EOPTION_NOT_SET);
        vector::borrow(&self.vec, 0)
    }

    public fun borrow_mut<Element>(self: &mut Option<Element>): &mut Element {
        assert!(is_some(self), EOPTION_NOT_SET);
        vector::borrow_mut(&mut self.vec, 0)
    }

    public fun borrow_with_default<Element>(self: &Option<Element>, default_ref: &Element): &Element {
        if (is_none(self)) default_ref else vector::borrow(&self.vec, 0)
    }

    public fun get_with_default<Element: copy + drop>(self: &Option<Element>, default: Element): Element {
        if (is_none(self)) default else *vector::borrow(&self.vec, 0)
    }

    public fun fill<Element>(self: &mut Option<Element>, e: Element) {
        assert!(is_none(self), EOPTION_IS_SET);
        vector::push_back(&mut self.vec, e)
    }

    public fun extract<Element>(self: &mut Option<Element>): Element {
        assert!(is_some(self), EOPTION_NOT_SET);
        vector::pop_back(&mut self.vec)
    }

    public fun swap<Element>(self: &mut Option<Element>, e: Element): Element {
        let old = extract(self);
        vector::push_back(&mut self.vec, e);
        old
    }

    public fun swap_or_fill<Element>(self: &mut Option<Element>, e: Element): Option<Element> {
        let old = if (is_none(self)) none() else some(vector::pop_back(&mut self.vec));
        vector::push_back(&mut self.vec, e);
        old
    }

    public fun destroy_with_default<Element: drop>(self: Option<Element>, default: Element): Element {
        let Option { vec } = self;
        if (vector::is_empty(&vec)) default else vector::pop_back(&mut vec)
    }

    public fun destroy_some<Element>(self: Option<Element>): Element {
        assert!(is_some(&self), EOPTION_NOT_SET);
        let Option { vec } = self;
        let e = vector::pop_back(&mut vec);
        vector::destroy_empty(vec);
        e
    }

    public fun destroy_none<Element>(self: Option<Element>) {
        assert!(is_none(&self), EOPTION_IS_SET);
        let Option { vec } = self;
        vector::destroy_empty(vec)
    }

    public inline fun for_each<Element>(self: Option<Element>, f: |Element|) {
        if (is_some(&self)) f(destroy_some(self)) else destroy_none(self)
    }

    public inline fun for_each_ref<Element>(self: &Option<Element>, f: |&Element|) {
        if (is_some(self)) f(borrow(self))
    }

    public inline fun for_each_mut<Element>(self: &mut Option<Element>, f: |&mut Element|) {
        if (is_some(self)) f(borrow_mut(self))
    }

    public inline fun map<Element, Other>(self: Option<Element>, f: |Element| Other): Option<Other> {
        if (is_some(&self)) some(f(destroy_some(self)))
        else {
            destroy_none(self);
            none()
        }
    }

    public inline fun map_ref<Element, Other>(self: &Option<Element>, f: |&Element| Other): Option<Other> {
        if (is_some(self)) some(f(borrow(self))) else none()
    }
}
