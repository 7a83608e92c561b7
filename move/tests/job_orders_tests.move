#[test_only]
/// Ordering: what a new job is, what an order may hold, and in which order it is refused.
/// A refused order breaks the rule that is checked next as well, wherever there is one.
module computestream::job_orders_tests {
    use std::string::String;
    use computestream::escrow::{Self, EscrowDeposited};
    use computestream::job::JobCreated;
    use computestream::job_orders;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market;
    use computestream::market_test_utils as m;
    use computestream::provider_registry;
    use computestream::value_test_utils::{Self as v, a, n, s, yes};
    use computestream::world_test_utils as t;

    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    fun created(
        job: address, terms: vector<u8>, is_open: bool, terms_hash: vector<u8>
    ): vector<u8> {
        let now = m::start_time() + m::elapsed();
        v::join(
            vector[a(job), terms, yes(is_open), s(terms_hash), n(now + 120), n(now)]
        )
    }

    fun copies(count: u64, text: vector<u8>): vector<String> {
        let all = vector[];
        while (all.length() < count) all.push_back(v::text(text));
        all
    }

    // === A direct order ===

    #[test]
    fun a_new_job_is_told_and_kept_whole() {
        let w = t::setup();
        m::wait(2);
        let now = m::start_time() + 2;
        let (_, key) = j::buyer_keys();
        let order = j::order().deposit(100_005).holdback(30).priority(10).key(key);
        let job = order.order_from(w.provider());
        let terms = order.terms(w.provider_address(), w.asset_address(), 3_600_000);
        let terms_hash = j::hash_of(job, terms);
        v::assert_all<JobCreated>(vector[created(job, terms, false, terms_hash)]);
        assert!(
            t::job_bytes(job)
                == j::record(
                    job,
                    terms,
                    false,
                    terms_hash,
                    0,
                    0,
                    0,
                    vector[],
                    vector[now, now + 120, 0, 0, 0, 0, 0, 0, 0],
                    j::no_output()
                ),
            1
        );
        v::assert_all<EscrowDeposited>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(m::of(&m::buyer())),
                        a(w.asset_address()),
                        n(100_005),
                        n(100_005),
                        n(now)
                    ]
                )
            ]
        );
        w.assert_money(job, 0, 0, 0, 100_005);
        assert!(w.slots_busy() == 0, 2);
    }

    #[test]
    fun the_terms_bind_every_field_in_its_order() {
        let w = t::setup();
        let order = j::order().holdback(7).priority(3);
        let job = order.order_from(w.provider());
        // Field after field, independently of the helper that the other tests use.
        let terms =
            v::join(
                vector[
                    a(@0xb0b),
                    a(w.provider_address()),
                    a(w.asset_address()),
                    x"0762757379626f78",
                    x"027b7d",
                    x"00",
                    n(0),
                    n(0),
                    n(0),
                    n(0),
                    n(0),
                    x"00",
                    x"00",
                    n(0),
                    x"80ee360000000000",
                    x"6400000000000000",
                    x"a086010000000000",
                    x"0700000000000000",
                    x"03",
                    x"00"
                ]
            );
        assert!(t::terms_hash(job) == j::hash_of(job, terms), 1);
    }

    #[test]
    fun an_order_through_the_entry_is_the_same() {
        let w = t::setup();
        job_orders::create_job(
            &m::buyer(),
            w.provider(),
            v::text(b"img"),
            v::text(b"spec"),
            1,
            60,
            3_600_000,
            60_000,
            5,
            7,
            vector[]
        );
        let job = j::last_created();
        let order =
            j::order().image(v::text(b"img")).job_spec(v::text(b"spec")).gpus(1).secs(60).deposit(
                60_000
            ).holdback(5).priority(7);
        let terms = order.terms(w.provider_address(), w.asset_address(), 3_600_000);
        v::assert_all<JobCreated>(
            vector[created(job, terms, false, j::hash_of(job, terms))]
        );
        w.assert_money(job, 0, 0, 0, 60_000);
    }

    #[test]
    fun the_rate_is_the_price_of_the_machine_and_its_gpus() {
        let w = t::setup();
        let provider = j::machine(&w, 2, vector[], 1, 3_600_000, 1_800_000);
        let job = j::order().gpus(2).max_rate(7_200_000).deposit(200_000).order_from(provider);
        j::accept(provider, job, 3);
        j::start(job);
        // 3,600,000 + 2 * 1,800,000.
        assert!(t::stream_field(job, 0) == 7_200_000, 1);
    }

    #[test]
    fun a_cheaper_provider_is_taken_at_its_price() {
        let w = t::setup();
        let job = j::order().max_rate(MAX_U64).order_from(w.provider());
        w.accept(job);
        j::start(job);
        assert!(t::stream_field(job, 0) == 3_600_000, 1);
    }

    #[test]
    fun an_order_takes_no_slot_before_it_is_accepted() {
        let w = t::setup();
        // Two slots, three orders.
        let orders = j::order().specs(copies(3, b"{}")).order_all(w.provider());
        assert!(w.slots_busy() == 0, 1);
        w.accept(orders[2]);
        w.accept(orders[0]);
        assert!(w.slots_busy() == 2, 2);
    }

    #[test]
    fun the_greatest_lengths_are_taken() {
        let w = t::setup();
        j::order().image(v::long_text(512)).job_spec(v::long_text(4_096)).priority(1).order_from(
            w.provider()
        );
        j::order().image(v::text(b"i")).job_spec(v::text(b"s")).order_from(w.provider());
        assert!(v::count<JobCreated>() == 2, 1);
    }

    #[test]
    fun the_longest_job_and_holdback_are_taken() {
        let w = t::setup();
        let job =
            j::order().secs(604_800).deposit(604_800_000).holdback(3_600).order_from(
                w.provider()
            );
        w.assert_money(job, 0, 0, 0, 604_800_000);
    }

    #[test]
    fun a_deposit_of_the_rounded_up_cost_is_enough() {
        // 7,201 an hour for 1,800 s is 3,600.5.
        let w = t::setup_at(7_201);
        let job = w.create(1_800, 3_601);
        w.assert_money(job, 0, 0, 0, 3_601);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_DEPOSIT_TOO_LOW)]
    fun a_deposit_of_the_rounded_down_cost_is_refused() {
        let w = t::setup_at(7_201);
        w.create(1_800, 3_600);
    }

    #[test]
    fun a_free_job_needs_no_deposit() {
        let w = t::setup_at(0);
        let job = w.create(100, 0);
        w.assert_money(job, 0, 0, 0, 0);
        assert!(v::count<EscrowDeposited>() == 1, 1);
    }

    // === What is refused, in the order it is checked ===

    #[test]
    #[expected_failure(abort_code = computestream::job_orders::E_BATCH_SIZE)]
    fun an_order_of_nothing_is_refused() {
        let w = t::setup();
        j::order().specs(vector[]).image(v::text(b"")).order_all(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_orders::E_BATCH_SIZE)]
    fun an_order_of_too_many_is_refused() {
        let w = t::setup();
        j::order().specs(copies(101, b"{}")).image(v::text(b"")).order_all(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_IMAGE_LENGTH)]
    fun a_job_needs_an_image() {
        let w = t::setup();
        j::order().image(v::text(b"")).job_spec(v::text(b"")).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_IMAGE_LENGTH)]
    fun an_image_too_long_is_refused() {
        let w = t::setup();
        j::order().image(v::long_text(513)).job_spec(v::text(b"")).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_SPEC_LENGTH)]
    fun a_job_needs_a_spec() {
        let w = t::setup();
        j::order().job_spec(v::text(b"")).priority(0).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_SPEC_LENGTH)]
    fun a_spec_too_long_is_refused() {
        let w = t::setup();
        j::order().job_spec(v::long_text(4_097)).priority(0).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_PRIORITY)]
    fun a_priority_of_nothing_is_refused() {
        let w = t::setup();
        j::order().priority(0).key(v::bytes_of(31, 1)).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_PRIORITY)]
    fun a_priority_above_ten_is_refused() {
        let w = t::setup();
        j::order().priority(11).key(v::bytes_of(31, 1)).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_INVALID_BUYER_KEY)]
    fun a_short_buyer_key_is_refused() {
        let w = t::setup();
        j::order().key(v::bytes_of(31, 1)).secs(0).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_INVALID_BUYER_KEY)]
    fun a_buyer_key_that_verifies_anything_is_refused() {
        let w = t::setup();
        j::order().key(v::bytes_of(32, 0)).secs(0).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_DURATION_OUT_OF_RANGE)]
    fun a_job_of_no_time_is_refused() {
        let w = t::setup();
        j::order().secs(0).holdback(3_601).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_DURATION_OUT_OF_RANGE)]
    fun a_job_too_long_is_refused() {
        let w = t::setup();
        j::order().secs(604_801).deposit(604_801_000).holdback(3_601).order_from(
            w.provider()
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_HOLDBACK_TOO_LONG)]
    fun a_holdback_too_long_is_refused() {
        let w = t::setup();
        provider_registry::set_status(&m::owner(), w.provider(), 1);
        j::order().holdback(3_601).order_from(w.provider());
    }

    #[test]
    #[expected_failure(
        abort_code = computestream::provider_registry::E_PROVIDER_UNAVAILABLE
    )]
    fun a_provider_that_takes_no_jobs_gets_no_order() {
        let w = t::setup();
        provider_registry::set_status(&m::owner(), w.provider(), 1);
        j::order().gpus(2).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_ENOUGH_GPUS)]
    fun more_gpus_than_there_are_cannot_be_ordered() {
        let w = t::setup();
        provider_registry::update_price(&m::owner(), w.provider(), MAX_U64, MAX_U64);
        j::order().gpus(2).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_PRICE_OVERFLOW)]
    fun a_price_beyond_numbers_cannot_be_ordered() {
        let w = t::setup();
        provider_registry::update_price(&m::owner(), w.provider(), MAX_U64, 1);
        market::set_asset_allowed(&m::admin(), w.asset(), false);
        j::order().gpus(1).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_ASSET_NOT_ALLOWED)]
    fun an_asset_no_longer_allowed_is_refused() {
        let w = t::setup();
        market::set_asset_allowed(&m::admin(), w.asset(), false);
        j::order().max_rate(3_599_999).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_orders::E_PRICE_ABOVE_MAXIMUM)]
    fun a_price_raised_meanwhile_is_refused() {
        let w = t::setup();
        provider_registry::update_price(&m::owner(), w.provider(), 3_600_001, 0);
        // The deposit is too low for the raised price as well.
        j::order().order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_DEPOSIT_TOO_LOW)]
    fun a_deposit_that_lacks_one_unit_is_refused() {
        let w = t::setup();
        // 1,000,001 s cost 1,000,001,000, more than the buyer has.
        market::set_job_bounds(&m::admin(), 1, 1_000_001, 0);
        j::order().secs(1_000_001).deposit(1_000_000_999).order_from(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun a_deposit_the_buyer_does_not_have_is_refused() {
        let w = t::setup();
        j::order().deposit(m::funds() + 1).order_from(w.provider());
    }

    // === Batches ===

    #[test]
    fun a_batch_makes_a_job_of_each_specification() {
        let w = t::setup();
        let order =
            j::order().specs(vector[v::text(b"a"), v::text(b"b"), v::text(b"c")]).deposit(
                100_001
            );
        let jobs = order.order_all(w.provider());
        assert!(jobs.length() == 3, 1);
        let told = vector[];
        let deposited = vector[];
        let specs = vector[b"a", b"b", b"c"];
        specs.zip(jobs, |text, job| {
            let terms =
                order.job_spec(v::text(text)).terms(
                    w.provider_address(), w.asset_address(), 3_600_000
                );
            told.push_back(created(job, terms, false, j::hash_of(job, terms)));
            deposited.push_back(
                v::join(
                    vector[
                        a(job),
                        a(@0xb0b),
                        a(w.asset_address()),
                        n(100_001),
                        n(100_001),
                        n(m::start_time())
                    ]
                )
            );
            assert!(escrow::balance(job) == 100_001, 2);
        });
        v::assert_all<JobCreated>(told);
        v::assert_all<EscrowDeposited>(deposited);
        assert!(w.balance(@0xb0b) == m::funds() - 300_003, 3);
        assert!(job_registry::get_jobs(jobs).length() == 3, 4);
    }

    #[test]
    fun a_batch_through_the_entry_is_the_same() {
        let w = t::setup();
        job_orders::create_jobs(
            &m::buyer(),
            w.provider(),
            v::text(b"busybox"),
            copies(2, b"{}"),
            0,
            100,
            3_600_000,
            100_000,
            0,
            5,
            vector[]
        );
        assert!(v::count<JobCreated>() == 2, 1);
        assert!(w.balance(@0xb0b) == m::funds() - 200_000, 2);
        let job = j::last_created();
        let terms = j::order().terms(w.provider_address(), w.asset_address(), 3_600_000);
        v::assert_last<JobCreated>(
            vector[created(job, terms, false, j::hash_of(job, terms))]
        );
    }

    #[test]
    fun a_batch_of_a_hundred_is_taken() {
        let w = t::setup();
        let jobs = j::order().specs(copies(100, b"{}")).order_all(w.provider());
        assert!(jobs.length() == 100, 1);
        assert!(w.balance(@0xb0b) == m::funds() - 10_000_000, 2);
        jobs.for_each(|job| assert!(escrow::balance(job) == 100_000, 3));
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun a_batch_that_cannot_be_paid_whole_makes_no_job() {
        let w = t::setup();
        // 1,000,000,000 pay for two of three.
        j::order().specs(copies(3, b"{}")).deposit(400_000_000).order_all(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_SPEC_LENGTH)]
    fun a_batch_with_one_bad_specification_makes_no_job() {
        let w = t::setup();
        j::order().specs(
            vector[v::text(b"{}"), v::text(b"{}"), v::long_text(4_097)]
        ).order_all(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun a_later_specification_is_checked_when_its_turn_comes() {
        let w = t::setup();
        // The second job can't be paid before the third's specification is looked at.
        j::order().deposit(600_000_000).specs(
            vector[v::text(b"{}"), v::text(b"{}"), v::text(b"")]
        ).order_all(w.provider());
    }
}
