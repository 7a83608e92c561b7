#[test_only]
/// An order with every argument, direct or open, for tests that vary one of them, and the bytes of its terms.
/// It doesn't know what becomes of the jobs it makes.
module computestream::order_builder {
    use std::bcs;
    use std::string::String;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::{Self, Object};
    use computestream::job_orders;
    use computestream::job_registry::Job;
    use computestream::market_test_utils as m;
    use computestream::provider_registry::Provider;
    use computestream::value_test_utils::{Self as v, a, b, n, s};

    /// Every argument of an order, direct or open.
    struct Order has copy, drop {
        image: String,
        specs: vector<String>,
        gpu_model: String,
        gpus: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        min_stake: u64,
        secs: u64,
        max_rate: u64,
        deposit: u64,
        holdback: u64,
        priority: u8,
        key: vector<u8>
    }

    /// 100 s at no more than 1,000 a second, paid in full, from a machine of any kind.
    public fun new(): Order {
        Order {
            image: v::text(b"busybox"),
            specs: vector[v::text(b"{}")],
            gpu_model: v::text(b""),
            gpus: 0,
            vram_gb: 0,
            cpu_cores: 0,
            ram_gb: 0,
            disk_gb: 0,
            region: v::text(b""),
            sandbox: v::text(b""),
            min_stake: 0,
            secs: 100,
            max_rate: 3_600_000,
            deposit: 100_000,
            holdback: 0,
            priority: 5,
            key: vector[]
        }
    }

    public fun image(self: Order, image: String): Order {
        self.image = image;
        self
    }

    public fun job_spec(self: Order, job_spec: String): Order {
        self.specs = vector[job_spec];
        self
    }

    public fun specs(self: Order, specs: vector<String>): Order {
        self.specs = specs;
        self
    }

    public fun gpu_model(self: Order, gpu_model: String): Order {
        self.gpu_model = gpu_model;
        self
    }

    public fun gpus(self: Order, gpus: u64): Order {
        self.gpus = gpus;
        self
    }

    public fun vram_gb(self: Order, vram_gb: u64): Order {
        self.vram_gb = vram_gb;
        self
    }

    public fun cpu_cores(self: Order, cpu_cores: u64): Order {
        self.cpu_cores = cpu_cores;
        self
    }

    public fun ram_gb(self: Order, ram_gb: u64): Order {
        self.ram_gb = ram_gb;
        self
    }

    public fun disk_gb(self: Order, disk_gb: u64): Order {
        self.disk_gb = disk_gb;
        self
    }

    public fun region(self: Order, region: String): Order {
        self.region = region;
        self
    }

    public fun sandbox(self: Order, sandbox: String): Order {
        self.sandbox = sandbox;
        self
    }

    public fun min_stake(self: Order, min_stake: u64): Order {
        self.min_stake = min_stake;
        self
    }

    public fun secs(self: Order, secs: u64): Order {
        self.secs = secs;
        self
    }

    public fun max_rate(self: Order, max_rate: u64): Order {
        self.max_rate = max_rate;
        self
    }

    public fun deposit(self: Order, deposit: u64): Order {
        self.deposit = deposit;
        self
    }

    public fun holdback(self: Order, holdback: u64): Order {
        self.holdback = holdback;
        self
    }

    public fun priority(self: Order, priority: u8): Order {
        self.priority = priority;
        self
    }

    public fun key(self: Order, key: vector<u8>): Order {
        self.key = key;
        self
    }

    /// The requirements the world's machine just meets, each at its limit.
    public fun demanding(self: Order): Order {
        self.gpu_model(v::text(b"RTX")).vram_gb(24).cpu_cores(16).ram_gb(64).disk_gb(500).region(
            v::text(b"eu")
        ).sandbox(v::text(b"docker")).min_stake(100_000_000)
    }

    public fun order_all(self: Order, provider: Object<Provider>): vector<address> {
        addresses(
            job_orders::create(
                &m::buyer(),
                provider,
                self.image,
                self.specs,
                self.gpus,
                self.secs,
                self.max_rate,
                self.deposit,
                self.holdback,
                self.priority,
                self.key
            )
        )
    }

    public fun order_from(self: Order, provider: Object<Provider>): address {
        self.order_all(provider)[0]
    }

    public fun order_all_openly(self: Order, asset: Object<Metadata>): vector<address> {
        addresses(
            job_orders::create_open(
                &m::buyer(),
                asset,
                self.image,
                self.specs,
                self.gpu_model,
                self.gpus,
                self.vram_gb,
                self.cpu_cores,
                self.ram_gb,
                self.disk_gb,
                self.region,
                self.sandbox,
                self.min_stake,
                self.secs,
                self.max_rate,
                self.deposit,
                self.holdback,
                self.priority,
                self.key
            )
        )
    }

    public fun order_openly(self: Order, asset: Object<Metadata>): address {
        self.order_all_openly(asset)[0]
    }

    // === Bytes ===

    /// BCS of Requirements.
    public fun requirements(self: &Order): vector<u8> {
        v::join(
            vector[
                bcs::to_bytes(&self.gpu_model),
                n(self.gpus),
                n(self.vram_gb),
                n(self.cpu_cores),
                n(self.ram_gb),
                n(self.disk_gb),
                bcs::to_bytes(&self.region),
                bcs::to_bytes(&self.sandbox),
                n(self.min_stake)
            ]
        )
    }

    /// BCS of the Terms of an order of BUYER's for its first specification.
    public fun terms(
        self: &Order, provider: address, asset: address, rate_per_hour: u64
    ): vector<u8> {
        v::join(
            vector[
                a(m::of(&m::buyer())),
                a(provider),
                a(asset),
                bcs::to_bytes(&self.image),
                bcs::to_bytes(&self.specs[0]),
                self.requirements(),
                n(rate_per_hour),
                n(self.secs),
                n(self.deposit),
                n(self.holdback),
                b(self.priority),
                s(self.key)
            ]
        )
    }

    // === Private ===

    fun addresses(jobs: vector<Object<Job>>): vector<address> {
        let found = vector[];
        jobs.for_each(|job| found.push_back(object::object_address(&job)));
        found
    }
}
