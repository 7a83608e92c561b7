/// Orders: how a buyer makes jobs, one or many, from a named provider or open to whoever meets the requirements.
/// It doesn't know what becomes of a job afterwards: that is `job_registry`.
module computestream::job_orders {
    use std::signer;
    use std::string::String;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::{Self, Object};
    use computestream::job_registry::{Self, Job};
    use computestream::job_terms::{Self, Terms};
    use computestream::machine;
    use computestream::market;
    use computestream::provider_registry::{Self, Provider};

    // === Errors ===

    /// A batch takes 1 to 100 jobs.
    const E_BATCH_SIZE: u64 = 1;
    /// The provider's price is above your maximum: raise the maximum or choose another provider.
    const E_PRICE_ABOVE_MAXIMUM: u64 = 2;

    // === Constants ===

    const MAX_BATCH: u64 = 100;

    // === Entry ===

    /// Orders a job from a provider and locks its deposit. The rate is the provider's price now, refused above
    /// `max_rate_per_hour`.
    public entry fun create_job(
        buyer: &signer,
        provider: Object<Provider>,
        image: String,
        job_spec: String,
        gpus: u64,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        buyer_key: vector<u8>
    ) {
        create(
            buyer,
            provider,
            image,
            vector[job_spec],
            gpus,
            max_duration_secs,
            max_rate_per_hour,
            deposit,
            holdback_secs,
            priority,
            buyer_key
        );
    }

    /// `create_job` for several specifications, each a job of its own with `deposit`; all or none.
    public entry fun create_jobs(
        buyer: &signer,
        provider: Object<Provider>,
        image: String,
        job_specs: vector<String>,
        gpus: u64,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        buyer_key: vector<u8>
    ) {
        create(
            buyer,
            provider,
            image,
            job_specs,
            gpus,
            max_duration_secs,
            max_rate_per_hour,
            deposit,
            holdback_secs,
            priority,
            buyer_key
        );
    }

    /// Orders a job from whichever provider meets the requirements and accepts first, at its price, which may be up
    /// to `max_rate_per_hour`.
    public entry fun create_open_job(
        buyer: &signer,
        asset: Object<Metadata>,
        image: String,
        job_spec: String,
        gpu_model: String,
        gpus: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        min_stake: u64,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        buyer_key: vector<u8>
    ) {
        create_open(
            buyer,
            asset,
            image,
            vector[job_spec],
            gpu_model,
            gpus,
            vram_gb,
            cpu_cores,
            ram_gb,
            disk_gb,
            region,
            sandbox,
            min_stake,
            max_duration_secs,
            max_rate_per_hour,
            deposit,
            holdback_secs,
            priority,
            buyer_key
        );
    }

    /// `create_open_job` for several specifications, each a job of its own with `deposit`; all or none.
    public entry fun create_open_jobs(
        buyer: &signer,
        asset: Object<Metadata>,
        image: String,
        job_specs: vector<String>,
        gpu_model: String,
        gpus: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        min_stake: u64,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        buyer_key: vector<u8>
    ) {
        create_open(
            buyer,
            asset,
            image,
            job_specs,
            gpu_model,
            gpus,
            vram_gb,
            cpu_cores,
            ram_gb,
            disk_gb,
            region,
            sandbox,
            min_stake,
            max_duration_secs,
            max_rate_per_hour,
            deposit,
            holdback_secs,
            priority,
            buyer_key
        );
    }

    // === Public ===

    /// `create_jobs` for other modules: returns the new jobs in the order of their specifications.
    public fun create(
        buyer: &signer,
        provider: Object<Provider>,
        image: String,
        job_specs: vector<String>,
        gpus: u64,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        buyer_key: vector<u8>
    ): vector<Object<Job>> {
        create_for(
            signer::address_of(buyer),
            buyer,
            provider,
            image,
            job_specs,
            gpus,
            max_duration_secs,
            max_rate_per_hour,
            deposit,
            holdback_secs,
            priority,
            buyer_key
        )
    }

    /// `create` with the deposits out of another's purse than the buyer's.
    public(package) fun create_for(
        buyer: address,
        purse: &signer,
        provider: Object<Provider>,
        image: String,
        job_specs: vector<String>,
        gpus: u64,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        buyer_key: vector<u8>
    ): vector<Object<Job>> {
        assert_can_order(&job_specs);
        let terms =
            job_terms::new(
                buyer,
                image,
                job_specs[0],
                machine::only_gpus(gpus),
                max_duration_secs,
                deposit,
                holdback_secs,
                priority,
                buyer_key
            );
        let provider = object::object_address(&provider);
        let (rate_per_hour, asset) = provider_registry::quote(provider, gpus);
        market::assert_asset_allowed(asset);
        assert!(rate_per_hour <= max_rate_per_hour, E_PRICE_ABOVE_MAXIMUM);
        terms.price(object::object_address(&asset), rate_per_hour);
        terms.set_provider(provider);
        place_all(purse, &terms, job_specs, asset, false)
    }

    /// `create_open_jobs` for other modules: returns the new jobs in the order of their specifications.
    public fun create_open(
        buyer: &signer,
        asset: Object<Metadata>,
        image: String,
        job_specs: vector<String>,
        gpu_model: String,
        gpus: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        min_stake: u64,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        buyer_key: vector<u8>
    ): vector<Object<Job>> {
        assert_can_order(&job_specs);
        let requirements =
            machine::new_requirements(
                gpu_model,
                gpus,
                vram_gb,
                cpu_cores,
                ram_gb,
                disk_gb,
                region,
                sandbox,
                min_stake
            );
        let terms =
            job_terms::new(
                signer::address_of(buyer),
                image,
                job_specs[0],
                requirements,
                max_duration_secs,
                deposit,
                holdback_secs,
                priority,
                buyer_key
            );
        market::assert_asset_allowed(asset);
        terms.price(object::object_address(&asset), max_rate_per_hour);
        place_all(buyer, &terms, job_specs, asset, true)
    }

    // === Private ===

    fun assert_can_order(job_specs: &vector<String>) {
        market::assert_not_paused();
        let count = job_specs.length();
        assert!(0 < count && count <= MAX_BATCH, E_BATCH_SIZE);
    }

    fun place_all(
        purse: &signer,
        terms: &Terms,
        job_specs: vector<String>,
        asset: Object<Metadata>,
        is_open: bool
    ): vector<Object<Job>> {
        let jobs = vector[];
        job_specs.for_each(|job_spec| {
            jobs.push_back(
                job_registry::place(purse, terms.with_spec(job_spec), asset, is_open)
            );
        });
        jobs
    }
}
