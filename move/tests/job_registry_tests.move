#[test_only]
/// Accepting and starting: who may, until when, with which slot and GPUs; and what the views show.
/// A refused call breaks the rule that is checked next as well, wherever there is one.
module computestream::job_registry_tests {
    use std::bcs;
    use aptos_framework::object::{Self, Object};
    use computestream::job::{JobAccepted, JobStarted};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::provider_registry::{Self, Provider, ProviderCapacityChanged};
    use computestream::stream::StreamOpened;
    use computestream::value_test_utils::{Self as v, a, n, s};
    use computestream::world_test_utils::{Self as t, World};

    /// Four GPUs with commitments, `slots` slots, 1,000 a second whatever the GPUs.
    fun four_gpus(w: &World, slots: u64): Object<Provider> {
        j::machine(
            w,
            4,
            vector[v::hash(1), v::hash(2), v::hash(3), v::hash(4)],
            slots,
            3_600_000,
            0
        )
    }

    fun ordered(provider: Object<Provider>, gpus: u64): address {
        j::order().gpus(gpus).order_from(provider)
    }

    fun accepted_with(provider: Object<Provider>, gpus: u64, gpu_mask: u64): address {
        let job = ordered(provider, gpus);
        j::accept(provider, job, gpu_mask);
        job
    }

    fun assert_capacity(
        provider: Object<Provider>, slots_busy: u64, slots: u64, gpus_busy: u64
    ) {
        v::assert_last<ProviderCapacityChanged>(
            vector[
                a(object::object_address(&provider)),
                n(slots_busy),
                n(slots),
                n(gpus_busy),
                n(m::start_time() + m::elapsed())
            ]
        );
    }

    // === Accepting ===

    #[test]
    fun accepting_is_told_and_kept_whole() {
        let w = t::setup();
        let provider = four_gpus(&w, 3);
        let order = j::order().gpus(2);
        let job = order.order_from(provider);
        m::wait(119);
        let now = m::start_time() + 119;
        // GPUs 1 and 3.
        j::accept(provider, job, 10);
        let provider_address = object::object_address(&provider);
        let terms = order.terms(provider_address, w.asset_address(), 3_600_000);
        let terms_hash = j::hash_of(job, terms);
        v::assert_all<JobAccepted>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(provider_address),
                        a(m::of(&m::operator())),
                        n(3_600_000),
                        s(terms_hash),
                        n(10),
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
                    false,
                    terms_hash,
                    1,
                    0,
                    10,
                    vector[v::hash(2), v::hash(4)],
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
        assert_capacity(provider, 1, 3, 10);
        assert!(
            provider_registry::active_jobs(provider_address) == vector[job], 2
        );
    }

    #[test]
    fun a_machine_without_commitments_shows_no_devices() {
        let w = t::setup();
        let provider = j::machine(&w, 2, vector[], 1, 3_600_000, 0);
        let job = accepted_with(provider, 2, 3);
        assert!(job_registry::devices(job).is_empty(), 1);
        assert_capacity(provider, 1, 1, 3);
    }

    #[test]
    fun a_job_without_gpus_takes_a_slot_only() {
        let w = t::setup();
        let provider = four_gpus(&w, 2);
        accepted_with(provider, 0, 0);
        assert_capacity(provider, 1, 2, 0);
        // The other slot may have all GPUs.
        accepted_with(provider, 4, 15);
        assert_capacity(provider, 2, 2, 15);
    }

    #[test]
    fun jobs_share_a_machine_without_sharing_a_gpu() {
        let w = t::setup();
        let provider = four_gpus(&w, 4);
        let first = accepted_with(provider, 2, 3);
        let second = accepted_with(provider, 1, 8);
        assert_capacity(provider, 2, 4, 11);
        // The first gives its GPUs back when it ends, and only those.
        job_registry::cancel(&m::buyer(), t::handle(first));
        assert_capacity(provider, 1, 4, 8);
        accepted_with(provider, 3, 7);
        assert_capacity(provider, 2, 4, 15);
        t::fail_with_nothing_new(second);
        assert_capacity(provider, 1, 4, 7);
    }

    #[test]
    fun all_sixty_four_gpus_fit_one_mask() {
        let w = t::setup();
        let provider = j::machine(&w, 64, vector[], 1, 3_600_000, 0);
        accepted_with(provider, 64, 0xffff_ffff_ffff_ffff);
        assert_capacity(provider, 1, 1, 0xffff_ffff_ffff_ffff);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun only_the_operator_accepts() {
        let w = t::setup();
        // The job is accepted already.
        let job = w.accepted(100, 100_000);
        job_registry::accept(&m::owner(), w.provider(), t::handle(job), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_PENDING)]
    fun a_job_is_accepted_once() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        m::wait(120);
        w.accept(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_PENDING)]
    fun a_cancelled_job_cannot_be_accepted() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(job));
        w.accept(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_ACCEPT_WINDOW_OVER)]
    fun accepting_at_the_deadline_is_late() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        m::wait(120);
        // Another provider's too.
        j::accept(j::machine(&w, 1, vector[], 1, 1, 0), job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_OTHER_PROVIDER)]
    fun a_job_ordered_from_one_provider_is_not_another_s() {
        let w = t::setup();
        let other = j::machine(&w, 1, vector[], 1, 1, 0);
        let job = w.create(100, 100_000);
        provider_registry::set_status(&m::owner(), other, 3);
        j::accept(other, job, 0);
    }

    #[test]
    #[expected_failure(
        abort_code = computestream::provider_registry::E_PROVIDER_UNAVAILABLE
    )]
    fun a_provider_that_takes_no_jobs_cannot_accept() {
        let w = t::setup();
        let provider = j::machine(&w, 1, vector[], 1, 3_600_000, 0);
        accepted_with(provider, 0, 0);
        let job = ordered(provider, 0);
        provider_registry::set_status(&m::operator(), provider, 1);
        // No slot is free either.
        j::accept(provider, job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_NO_FREE_SLOT)]
    fun a_job_needs_a_free_slot() {
        let w = t::setup();
        let provider = j::machine(&w, 1, vector[], 1, 3_600_000, 0);
        accepted_with(provider, 0, 0);
        // The mask is wrong too.
        j::accept(provider, ordered(provider, 0), 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_MASK)]
    fun a_mask_of_too_few_gpus_is_refused() {
        let w = t::setup();
        let provider = four_gpus(&w, 2);
        accepted_with(provider, 1, 1);
        j::accept(provider, ordered(provider, 2), 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_MASK)]
    fun a_mask_of_too_many_gpus_is_refused() {
        let w = t::setup();
        let provider = four_gpus(&w, 2);
        accepted_with(provider, 1, 1);
        j::accept(provider, ordered(provider, 1), 3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_MASK)]
    fun a_job_without_gpus_gets_none() {
        let w = t::setup();
        j::accept(w.provider(), w.create(100, 100_000), 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_MASK)]
    fun a_gpu_that_does_not_exist_is_refused() {
        let w = t::setup();
        let provider = four_gpus(&w, 2);
        j::accept(provider, ordered(provider, 1), 16);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_BUSY)]
    fun a_gpu_serves_one_job_at_a_time() {
        let w = t::setup();
        let provider = four_gpus(&w, 2);
        accepted_with(provider, 2, 6);
        j::accept(provider, ordered(provider, 2), 12);
    }

    // === Starting ===

    #[test]
    fun starting_is_told_and_opens_the_stream() {
        let w = t::setup();
        let (_, key) = j::buyer_keys();
        let job = j::order().deposit(100_001).holdback(20).key(key).order_from(w.provider());
        w.accept(job);
        // What changes after the order doesn't reach it.
        m::set_fees(250, 2_000);
        provider_registry::update_price(&m::owner(), w.provider(), 1, 1);
        m::wait(599);
        let now = m::start_time() + 599;
        j::start(job);
        v::assert_all<JobStarted>(
            vector[v::join(vector[a(job), a(w.provider_address()), n(now), n(now)])]
        );
        v::assert_last<StreamOpened>(
            vector[
                a(job),
                a(m::of(&m::buyer())),
                a(m::of(&m::owner())),
                a(w.asset_address()),
                n(3_600_000),
                n(100_001),
                n(100),
                n(0),
                n(100),
                n(20),
                n(now),
                n(now)
            ]
        );
        t::assert_state(job, 2, 0);
        assert!(j::started_at(job) == now && payment_stream::started_at(job) == now, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun only_the_operator_starts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        job_registry::start(&m::buyer(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_ACCEPTED)]
    fun a_pending_job_cannot_start() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        m::wait(600);
        j::start(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_ACCEPTED)]
    fun a_job_starts_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        j::start(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_START_WINDOW_OVER)]
    fun starting_at_the_deadline_is_late() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        m::wait(600);
        j::start(job);
    }

    // === Views ===

    #[test]
    fun views_of_many_leave_out_what_is_no_job() {
        let w = t::setup();
        let first = w.create(100, 100_000);
        let second = w.create(100, 200_000);
        let jobs =
            job_registry::get_jobs(vector[second, w.provider_address(), @0x77, first, second]);
        assert!(
            bcs::to_bytes(&jobs)
                == v::join(
                    vector[
                        x"03",
                        t::job_bytes(second),
                        t::job_bytes(first),
                        t::job_bytes(second)
                    ]
                ),
            1
        );
        assert!(job_registry::get_jobs(vector[]).is_empty(), 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NO_JOB)]
    fun a_view_needs_a_job() {
        job_registry::get_job(@0x77);
    }
}
