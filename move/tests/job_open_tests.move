#[test_only]
/// Open jobs: who may take one, at which price, and what becomes of the money the price leaves over.
/// A refused acceptance breaks the rule that is checked next as well, wherever there is one.
module computestream::job_open_tests {
    use std::string::String;
    use aptos_framework::object::{Self, Object};
    use computestream::escrow;
    use computestream::job::{JobAccepted, JobCreated, JobSettled};
    use computestream::job_orders;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market;
    use computestream::market_test_utils as m;
    use computestream::order_builder::Order;
    use computestream::payment_stream;
    use computestream::provider_registry::{Self, Provider};
    use computestream::value_test_utils::{Self as v, a, b, n, s, yes};
    use computestream::world_test_utils::{Self as t, World};

    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    fun created(job: address, terms: vector<u8>): vector<u8> {
        let now = m::start_time() + m::elapsed();
        // Without a provider there is no hash yet.
        v::join(
            vector[a(job), terms, yes(true), s(b""), n(now + 120), n(now)]
        )
    }

    /// The world's provider tries to take `order`.
    fun take(w: &World, order: Order) {
        w.accept(order.order_openly(w.asset()));
    }

    /// A provider of STRANGER's with an operator of its own, in another asset that the market allows.
    fun in_other_asset(): Object<Provider> {
        let asset = m::new_asset(b"second");
        market::set_asset_allowed(&m::admin(), asset, true);
        m::mint(asset, m::of(&m::stranger()), m::stake());
        j::machine_of(
            &m::stranger(), m::of(&m::operator()), v::key(), asset, 1, vector[], 1, 3_600_000, 0
        )
    }

    fun copies(count: u64): vector<String> {
        let all = vector[];
        while (all.length() < count) all.push_back(v::text(b"{}"));
        all
    }

    // === Ordering openly ===

    #[test]
    fun a_new_open_job_has_no_provider_and_the_maximum_as_its_rate() {
        let w = t::setup();
        let now = m::start_time();
        let order = j::order().demanding().max_rate(7_200_000).deposit(200_005);
        let job = order.order_openly(w.asset());
        let terms = order.terms(@0x0, w.asset_address(), 7_200_000);
        v::assert_all<JobCreated>(vector[created(job, terms)]);
        assert!(
            t::job_bytes(job)
                == j::record(
                    job,
                    terms,
                    true,
                    b"",
                    0,
                    0,
                    0,
                    vector[],
                    vector[now, now + 120, 0, 0, 0, 0, 0, 0, 0],
                    j::no_output()
                ),
            1
        );
        w.assert_money(job, 0, 0, 0, 200_005);
    }

    #[test]
    fun an_open_order_through_the_entry_is_the_same() {
        let w = t::setup();
        job_orders::create_open_job(
            &m::buyer(),
            w.asset(),
            v::text(b"img"),
            v::text(b"spec"),
            v::text(b"RTX"),
            1,
            2,
            3,
            4,
            5,
            v::text(b"eu"),
            v::text(b"docker"),
            6,
            60,
            3_600_000,
            60_000,
            7,
            8,
            vector[]
        );
        let job = j::last_created();
        let order =
            j::order().image(v::text(b"img")).job_spec(v::text(b"spec")).gpu_model(v::text(b"RTX")).gpus(
                1
            ).vram_gb(2).cpu_cores(3).ram_gb(4).disk_gb(5).region(v::text(b"eu")).sandbox(
                v::text(b"docker")
            ).min_stake(6).secs(60).deposit(60_000).holdback(7).priority(8);
        v::assert_all<JobCreated>(
            vector[created(job, order.terms(@0x0, w.asset_address(), 3_600_000))]
        );
        w.assert_money(job, 0, 0, 0, 60_000);
    }

    #[test]
    fun a_batch_of_open_jobs_goes_to_several_providers() {
        let w = t::setup();
        let other = j::machine(&w, 1, vector[], 1, 1_800_000, 0);
        job_orders::create_open_jobs(
            &m::buyer(),
            w.asset(),
            v::text(b"busybox"),
            copies(2),
            v::text(b""),
            0,
            0,
            0,
            0,
            0,
            v::text(b""),
            v::text(b""),
            0,
            100,
            3_600_000,
            100_000,
            0,
            5,
            vector[]
        );
        assert!(v::count<JobCreated>() == 2, 1);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 200_000, 2);
        let jobs = j::order().specs(copies(2)).order_all_openly(w.asset());
        w.accept(jobs[0]);
        j::accept(other, jobs[1], 0);
        assert!(job_registry::provider(jobs[0]) == w.provider_address(), 3);
        assert!(job_registry::provider(jobs[1]) == object::object_address(&other), 4);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_orders::E_BATCH_SIZE)]
    fun an_open_order_of_nothing_is_refused() {
        let w = t::setup();
        j::order().specs(vector[]).region(v::long_text(129)).order_all_openly(w.asset());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_orders::E_BATCH_SIZE)]
    fun an_open_order_of_too_many_is_refused() {
        let w = t::setup();
        j::order().specs(copies(101)).region(v::long_text(129)).order_all_openly(w.asset());
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_REQUIREMENT_LENGTH)]
    fun a_required_text_too_long_is_refused() {
        let w = t::setup();
        j::order().sandbox(v::long_text(129)).image(v::text(b"")).order_openly(w.asset());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_IMAGE_LENGTH)]
    fun an_open_job_needs_an_image() {
        let w = t::setup();
        j::order().image(v::text(b"")).order_openly(w.asset());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_HOLDBACK_TOO_LONG)]
    fun an_open_order_obeys_the_bounds_of_the_market() {
        let w = t::setup();
        market::set_asset_allowed(&m::admin(), w.asset(), false);
        j::order().holdback(3_601).order_openly(w.asset());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_ASSET_NOT_ALLOWED)]
    fun an_open_order_in_an_asset_no_longer_allowed_is_refused() {
        let w = t::setup();
        market::set_asset_allowed(&m::admin(), w.asset(), false);
        j::order().deposit(0).order_openly(w.asset());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_DEPOSIT_TOO_LOW)]
    fun an_open_order_pays_for_the_maximum() {
        let w = t::setup();
        // 10,000 a second for 100,001 s: one unit short, and more than the buyer has.
        j::order().max_rate(36_000_000).secs(100_001).deposit(1_000_009_999).order_openly(
            w.asset()
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun an_open_order_the_buyer_cannot_pay_is_refused() {
        let w = t::setup();
        j::order().deposit(m::funds() + 1).order_openly(w.asset());
    }

    // === Taking ===

    #[test]
    fun the_first_valid_acceptance_fixes_provider_price_and_hash() {
        let w = t::setup_at(3_000_000);
        let order = j::order().demanding().gpus(1).holdback(9);
        let job = order.order_openly(w.asset());
        m::wait(119);
        let now = m::start_time() + 119;
        job_registry::accept(&m::operator(), w.provider(), t::handle(job), 1);
        let terms = order.terms(w.provider_address(), w.asset_address(), 3_000_000);
        let terms_hash = j::hash_of(job, terms);
        v::assert_all<JobAccepted>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(w.provider_address()),
                        a(m::of(&m::operator())),
                        n(3_000_000),
                        s(terms_hash),
                        n(1),
                        n(now + 600),
                        n(now)
                    ]
                )
            ]
        );
        assert!(
            t::job_bytes(job)
                == j::record(
                    job,
                    terms,
                    true,
                    terms_hash,
                    1,
                    0,
                    1,
                    vector[],
                    vector[
                        m::start_time(),
                        m::start_time() + 120,
                        now + 600,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0
                    ],
                    j::no_output()
                ),
            1
        );
        assert!(
            provider_registry::active_jobs(w.provider_address()) == vector[job], 2
        );
    }

    #[test]
    fun what_the_price_leaves_over_comes_back() {
        // The buyer offered 1,000 a second, this provider takes 500.
        let w = t::setup_at(1_800_000);
        let job = w.create_open(100, 3_600_000, 100_000);
        w.accept(job);
        j::start(job);
        m::wait(150);
        // 100 s at 500, of 150.
        w.complete(job, 1, 150);
        j::assert_settled(&w, job, 3, 100, 100_000, 49_500, 500, 50_000);
    }

    #[test]
    fun what_the_price_leaves_over_comes_back_when_the_buyer_stops() {
        let w = t::setup_at(1_800_000);
        let job = w.create_open(100, 3_600_000, 100_000);
        w.accept(job);
        j::start(job);
        m::wait(30);
        t::terminate_with_nothing_new(job);
        // 30 s at 500 may still be proven.
        w.assert_money(job, 0, 0, 85_000, 15_000);
        w.pay(job, 1, 30);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 30, 100_000, 14_850, 150, 85_000);
    }

    #[test]
    /// Of an order that anyone could have taken the provider answers for taking it.
    fun an_open_job_that_fails_before_its_start_counts_as_failed() {
        let w = t::setup();
        let job = w.create_open(100, 3_600_000, 100_000);
        w.accept(job);
        t::fail_with_nothing_new(job);
        j::assert_settled(&w, job, 4, 0, 100_000, 0, 0, 100_000);
        // 10,000 * (1 + 2) / (2 + 4)
        j::assert_record(&w, 0, 1, 0, 0, 0, 5_000);
    }

    #[test]
    fun a_price_at_the_maximum_is_taken() {
        let w = t::setup();
        let job = w.create_open(100, 3_600_000, 100_000);
        w.accept(job);
        j::start(job);
        m::wait(100);
        w.complete(job, 1, 100);
        j::assert_settled(&w, job, 3, 100, 100_000, 99_000, 1_000, 0);
    }

    #[test]
    fun the_price_is_that_of_the_acceptance() {
        let w = t::setup();
        let job = w.create_open(100, 3_600_000, 100_000);
        provider_registry::update_price(&m::owner(), w.provider(), 1_800_000, 0);
        w.accept(job);
        provider_registry::update_price(&m::owner(), w.provider(), 36, 0);
        j::start(job);
        assert!(t::stream_field(job, 0) == 1_800_000, 1);
    }

    #[test]
    fun the_price_counts_the_gpus_that_are_asked_for() {
        let w = t::setup();
        let provider = j::machine(&w, 4, vector[], 1, 1_200_000, 800_000);
        let job = j::order().gpus(3).order_openly(w.asset());
        // 1,200,000 + 3 * 800,000 = 3,600,000, just the maximum.
        j::accept(provider, job, 13);
        j::start(job);
        assert!(t::stream_field(job, 0) == 3_600_000, 1);
    }

    #[test]
    fun the_attestations_of_an_open_job_are_bound_to_its_provider() {
        let w = t::setup();
        let job = w.create_open(100, 3_600_000, 100_000);
        assert!(t::terms_hash(job).is_empty(), 1);
        w.accept(job);
        let terms = j::order().terms(w.provider_address(), w.asset_address(), 3_600_000);
        assert!(t::terms_hash(job) == j::hash_of(job, terms), 2);
        j::start(job);
        m::wait(1);
        w.pay(job, 1, 1);
        w.assert_money(job, 990, 10, 0, 99_000);
    }

    #[test]
    fun a_machine_that_just_meets_every_requirement_is_taken() {
        let w = t::setup();
        let job = j::order().demanding().gpus(1).order_openly(w.asset());
        job_registry::accept(&m::operator(), w.provider(), t::handle(job), 1);
        t::assert_state(job, 1, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_PENDING)]
    fun the_second_acceptance_is_late() {
        let w = t::setup();
        let other = j::machine(&w, 1, vector[], 1, 1, 0);
        let job = w.create_open(100, 3_600_000, 100_000);
        w.accept(job);
        j::accept(other, job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_OTHER_ASSET)]
    fun a_provider_paid_in_another_asset_cannot_take_it() {
        let w = t::setup();
        let provider = in_other_asset();
        j::accept(provider, j::order().vram_gb(25).order_openly(w.asset()), 0);
    }

    // Each requirement alone, just above what the machine has; its price is above the maximum as well.

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun another_gpu_model_is_not_met() {
        take(&t::setup_at(MAX_U64), j::order().gpu_model(v::text(b"RTX ")));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun more_gpus_are_not_met() {
        take(&t::setup_at(MAX_U64), j::order().gpus(2));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun more_gpu_memory_is_not_met() {
        take(&t::setup_at(MAX_U64), j::order().vram_gb(25));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun more_cores_are_not_met() {
        take(&t::setup_at(MAX_U64), j::order().cpu_cores(17));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun more_memory_is_not_met() {
        take(&t::setup_at(MAX_U64), j::order().ram_gb(65));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun more_disk_is_not_met() {
        take(&t::setup_at(MAX_U64), j::order().disk_gb(501));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun another_region_is_not_met() {
        take(&t::setup_at(MAX_U64), j::order().region(v::text(b"us")));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun another_sandbox_is_not_met() {
        take(&t::setup_at(MAX_U64), j::order().sandbox(v::text(b"gvisor")));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun more_stake_is_not_met() {
        take(&t::setup_at(MAX_U64), j::order().min_stake(100_000_001));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun stake_that_is_leaving_does_not_count() {
        let w = t::setup();
        provider_registry::add_stake(&m::owner(), w.provider(), 50);
        provider_registry::request_unstake(&m::owner(), w.provider(), 50);
        take(&w, j::order().min_stake(100_000_001));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_PRICE_ABOVE_MAXIMUM)]
    fun a_price_above_the_maximum_is_refused() {
        let w = t::setup_at(3_600_001);
        let job = w.create_open(100, 3_600_000, 100_000);
        provider_registry::set_status(&m::owner(), w.provider(), 1);
        w.accept(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_PRICE_OVERFLOW)]
    fun a_price_beyond_numbers_is_refused() {
        let w = t::setup();
        let provider = j::machine(&w, 2, vector[], 1, 1, MAX_U64 / 2 + 1);
        j::accept(provider, j::order().gpus(2).order_openly(w.asset()), 3);
    }

    #[test]
    #[expected_failure(
        abort_code = computestream::provider_registry::E_PROVIDER_UNAVAILABLE
    )]
    fun a_provider_that_takes_no_jobs_cannot_take_it() {
        let w = t::setup();
        let job = w.create_open(100, 3_600_000, 100_000);
        provider_registry::set_status(&m::operator(), w.provider(), 2);
        w.accept(job);
    }

    // === Before anyone has taken it ===

    #[test]
    fun an_open_job_nobody_takes_is_cancelled_or_expires_whole() {
        let w = t::setup();
        let cancelled = w.create_open(100, 3_600_000, 100_000);
        let expired = w.create_open(100, 3_600_000, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(cancelled));
        t::assert_state(cancelled, 8, 5);
        m::wait(120);
        job_registry::expire(&m::stranger(), t::handle(expired));
        t::assert_state(expired, 8, 7);
        // Nobody was its provider.
        v::assert_last<JobSettled>(
            vector[
                a(expired),
                a(m::of(&m::buyer())),
                a(@0x0),
                b(7),
                n(0),
                n(100_000),
                n(0),
                n(0),
                n(100_000),
                n(m::start_time() + 120)
            ]
        );
        assert!(w.balance(m::of(&m::buyer())) == m::funds(), 1);
        assert!(escrow::balance(cancelled) == 0 && escrow::balance(expired) == 0, 2);
        job_registry::reclaim(&m::buyer(), t::handle(cancelled));
        j::assert_gone(cancelled);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun an_open_job_nobody_took_has_no_operator_to_start_it() {
        let w = t::setup();
        let job = w.create_open(100, 3_600_000, 100_000);
        j::start(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun an_open_job_nobody_took_has_no_operator_to_complete_it() {
        let w = t::setup();
        t::complete_with_nothing_new(w.create_open(100, 3_600_000, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun an_open_job_nobody_took_has_no_operator_to_fail_it() {
        let w = t::setup();
        t::fail_with_nothing_new(w.create_open(100, 3_600_000, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_BUYER_OR_OWNER)]
    fun an_open_job_nobody_took_has_no_owner_to_change_its_rate() {
        let w = t::setup();
        j::lower(w.create_open(100, 3_600_000, 100_000), 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun the_buyer_of_an_open_job_nobody_took_cannot_change_its_rate() {
        let w = t::setup();
        j::raise(w.create_open(100, 3_600_000, 100_000), 7_200_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_NO_STREAM)]
    fun an_open_job_nobody_took_has_no_stream() {
        let w = t::setup();
        payment_stream::get_stream(w.create_open(100, 3_600_000, 100_000));
    }
}
