#[test_only]
/// Whole lives of jobs, from order to deletion, with everything that is told on the way.
/// Single steps and refusals are in the tests of the modules.
module computestream::lifecycle_tests {
    use aptos_framework::object;
    use computestream::dispute;
    use computestream::escrow::{Self, EscrowDeposited, EscrowRefunded};
    use computestream::job::{
        JobAccepted,
        JobCompleted,
        JobCreated,
        JobSettled,
        JobStarted,
        JobTerminated,
        JobWaived
    };
    use computestream::job_registry::{Self, JobReclaimed};
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::provider_registry::{Self, ProviderCapacityChanged};
    use computestream::reputation::ProviderStatsUpdated;
    use computestream::stream::{
        StreamClosed,
        StreamExtended,
        StreamOpened,
        StreamRateChanged,
        StreamSealed,
        StreamSettled
    };
    use computestream::value_test_utils::{Self as v, a, b, n};
    use computestream::world_test_utils as t;

    fun at(secs: u64): vector<u8> {
        n(m::start_time() + secs)
    }

    /// A StreamSettled of the job's only provider, its keepers' parts zero.
    fun settled(
        job: address,
        keeper: address,
        seq: u64,
        attested: u64,
        confirmed: u64,
        billed: u64,
        amount: u64,
        fee: u64,
        paid: u64,
        fee_paid: u64,
        balance: u64,
        secs: u64
    ): vector<u8> {
        v::join(
            vector[
                a(job),
                a(m::of(&m::owner())),
                a(keeper),
                n(seq),
                n(attested),
                n(confirmed),
                n(billed),
                n(amount),
                n(fee),
                n(0),
                n(paid),
                n(fee_paid),
                n(0),
                n(balance),
                at(secs)
            ]
        )
    }

    #[test]
    /// An open job at 800 of at most 1,000 a second: two GPUs, ten seconds held, agreed to on the way, raised,
    /// lengthened, completed, confirmed, reclaimed.
    fun an_open_job_lives_to_its_end_and_leaves_nothing() {
        let w = t::setup();
        let (secret, key) = j::buyer_keys();
        let provider =
            j::machine(
                &w,
                2,
                vector[v::hash(1), v::hash(2)],
                1,
                1_080_000,
                900_000
            );
        let order =
            j::order().gpu_model(v::text(b"RTX")).gpus(2).holdback(10).key(key);
        let job = order.order_openly(w.asset());
        let buyer = m::of(&m::buyer());
        let keeper = m::of(&m::keeper());
        let operator = m::of(&m::operator());

        m::wait(60);
        j::accept(provider, job, 3);
        m::wait(40);
        j::start(job);
        m::wait(30);
        // At 130: 30 s proven and agreed to.
        j::pay_agreed(&w, &secret, job, 1, 30);
        w.assert_money(job, 23_760, 240, 0, 76_000);
        m::wait(30);
        // At 160: 60 s proven, the last ten wait.
        w.pay(job, 2, 60);
        w.assert_money(job, 39_600, 400, 0, 60_000);
        // 52,000 of 100,000 are left of the 60 s worth 48,000: 1,200 a second pay for 40 more, and 20 more are bought.
        j::raise(job, 4_320_000);
        j::extend(job, 20, 20_000);
        w.assert_money(job, 39_600, 400, 0, 80_000);
        m::wait(50);
        // At 210: 110 s, 48,000 + 50 * 1,200 = 108,000, the last ten at 1,200 wait.
        w.complete(job, 3, 110);
        w.assert_money(job, 95_040, 960, 12_000, 12_000);
        assert!(provider_registry::active_jobs(object::object_address(&provider)).is_empty(), 1);
        m::wait(100);
        j::confirm(job);
        w.assert_money(job, 106_920, 1_080, 12_000, 0);
        t::assert_state(job, 8, 3);

        // What was told, type for type.
        let provider_address = object::object_address(&provider);
        let terms_hash =
            j::hash_of(job, order.terms(provider_address, w.asset_address(), 2_880_000));
        v::assert_all<JobCreated>(
            vector[
                v::join(
                    vector[
                        a(job),
                        order.terms(@0x0, w.asset_address(), 3_600_000),
                        v::yes(true),
                        v::s(b""),
                        at(120),
                        at(0)
                    ]
                )
            ]
        );
        v::assert_all<JobAccepted>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(provider_address),
                        a(operator),
                        n(2_880_000),
                        v::s(terms_hash),
                        n(3),
                        at(660),
                        at(60)
                    ]
                )
            ]
        );
        v::assert_all<JobStarted>(
            vector[v::join(vector[a(job), a(provider_address), at(100), at(100)])]
        );
        v::assert_all<StreamOpened>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(buyer),
                        a(m::of(&m::owner())),
                        a(w.asset_address()),
                        n(2_880_000),
                        n(100_000),
                        n(100),
                        n(0),
                        n(100),
                        n(10),
                        at(100),
                        at(100)
                    ]
                )
            ]
        );
        v::assert_all<StreamSettled>(
            vector[
                settled(job, keeper, 1, 30, 30, 30, 24_000, 240, 24_000, 240, 76_000, 130),
                settled(job, keeper, 2, 60, 30, 60, 16_000, 160, 40_000, 400, 60_000, 160),
                settled(job, operator, 3, 110, 30, 110, 56_000, 560, 96_000, 960, 24_000, 210),
                settled(job, buyer, 3, 110, 110, 110, 12_000, 120, 108_000, 1_080, 0, 310)
            ]
        );
        v::assert_all<StreamRateChanged>(
            vector[
                v::join(vector[a(job), n(4_320_000), a(buyer), n(60), n(100), at(160)])
            ]
        );
        v::assert_all<StreamExtended>(
            vector[
                v::join(
                    vector[a(job), n(120), n(120_000), n(120), n(80_000), at(160)]
                )
            ]
        );
        v::assert_all<EscrowDeposited>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(buyer),
                        a(w.asset_address()),
                        n(100_000),
                        n(100_000),
                        at(0)
                    ]
                ),
                v::join(
                    vector[
                        a(job),
                        a(buyer),
                        a(w.asset_address()),
                        n(20_000),
                        n(80_000),
                        at(160)
                    ]
                )
            ]
        );
        v::assert_all<EscrowRefunded>(
            vector[v::join(vector[a(job), a(buyer), n(12_000), n(12_000), at(210)])]
        );
        v::assert_all<StreamSealed>(
            vector[v::join(vector[a(job), n(110), n(12_000), at(210)])]
        );
        v::assert_all<JobCompleted>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(provider_address),
                        j::output(
                            0, b"", vector[b"ipfs://cid"], v::hash(1), v::hash(2), 40_000
                        ),
                        at(210),
                        at(3_810),
                        at(210)
                    ]
                )
            ]
        );
        v::assert_all<StreamClosed>(
            vector[
                v::join(vector[a(job), n(110), n(108_000), n(1_080), n(0), at(310)])
            ]
        );
        v::assert_all<JobSettled>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(buyer),
                        a(provider_address),
                        b(3),
                        n(110),
                        n(120_000),
                        n(106_920),
                        n(1_080),
                        n(12_000),
                        at(310)
                    ]
                )
            ]
        );
        v::assert_all<ProviderCapacityChanged>(
            vector[
                v::join(vector[a(provider_address), n(1), n(1), n(3), at(60)]),
                v::join(vector[a(provider_address), n(0), n(1), n(0), at(210)])
            ]
        );
        v::assert_all<ProviderStatsUpdated>(
            vector[
                v::join(
                    vector[
                        a(provider_address),
                        n(1),
                        n(0),
                        n(0),
                        n(0),
                        n(110),
                        n(106_920),
                        n(6_666),
                        at(310)
                    ]
                )
            ]
        );
        m::wait(86_400);
        job_registry::reclaim(&m::buyer(), t::handle(job));
        v::assert_all<JobReclaimed>(
            vector[v::join(vector[a(job), a(buyer), at(86_710)])]
        );
        j::assert_gone(job);
        assert!(w.balance(buyer) == m::funds() - 108_000, 2);
    }

    #[test]
    /// Stopped by its buyer, proven in part, waived for the rest, argued about, split by the arbiter.
    fun a_stopped_job_is_argued_about_and_split() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 20, vector[]);
        m::wait(50);
        w.pay(job, 1, 30);
        // 30,000 earned, 20,000 of them held.
        w.assert_money(job, 9_900, 100, 0, 90_000);
        t::terminate_with_nothing_new(job);
        w.assert_money(job, 9_900, 100, 50_000, 40_000);
        m::wait(5);
        w.pay(job, 2, 40);
        w.assert_money(job, 19_800, 200, 50_000, 30_000);
        job_registry::finalize(&m::operator(), t::handle(job));
        w.assert_money(job, 19_800, 200, 60_000, 20_000);
        v::assert_all<JobWaived>(
            vector[v::join(vector[a(job), at(55), at(3_655), at(55)])]
        );
        m::wait(3_599);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"half a result"));
        assert!(j::case_until(job) == m::start_time() + 3_654 + 86_400, 1);
        m::wait(86_399);
        // The publisher is the default arbiter.
        dispute::rule(&m::admin(), t::handle(job), 5_000);
        j::assert_settled(&w, job, 6, 40, 100_000, 24_750, 250, 75_000);
        v::assert_all<JobTerminated>(
            vector[
                v::join(
                    vector[a(job), a(m::of(&m::buyer())), at(50), at(65), at(3_665), at(50)]
                )
            ]
        );
        assert!(j::case_until(job) == 0, 2);
        m::wait(86_400);
        job_registry::reclaim(&m::buyer(), t::handle(job));
        j::assert_gone(job);
    }

    #[test]
    /// A batch of open jobs, taken by two providers at two prices, each ending its own way.
    fun a_batch_ends_in_as_many_ways_as_it_has_jobs() {
        let w = t::setup();
        let cheap = j::machine(&w, 1, vector[], 2, 1_800_000, 0);
        let specs = vector[];
        while (specs.length() < 5) specs.push_back(v::text(b"{}"));
        let jobs = j::order().specs(specs).order_all_openly(w.asset());
        w.accept(jobs[0]);
        w.accept(jobs[1]);
        j::accept(cheap, jobs[2], 0);
        j::accept(cheap, jobs[3], 0);
        vector[0, 1, 2].for_each(|i| j::start(jobs[i]));
        m::wait(40);
        w.complete(jobs[0], 1, 40);
        t::fail_with_nothing_new(jobs[1]);
        w.terminate(jobs[2], 1, 40);
        t::fail_with_nothing_new(jobs[3]);
        m::wait(80);
        job_registry::expire(&m::stranger(), t::handle(jobs[4]));
        let outcomes = vector[3, 4, 6, 4, 7];
        outcomes.enumerate_ref(|i, outcome| {
            t::assert_state(jobs[i], 8, *outcome);
            assert!(escrow::balance(jobs[i]) == 0, i);
        });
        // 40 s at 1,000 and 40 s at 500.
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 60_000, 11);
        assert!(w.balance(m::treasury_address()) == 600, 12);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 59_400, 13);
        assert!(w.slots_busy() == 0, 14);
        assert!(
            provider_registry::active_jobs(object::object_address(&cheap)).is_empty(), 15
        );
        assert!(v::count<JobSettled>() == 5, 16);
    }

    #[test]
    /// Three settlements at a time of their own and a final one, at rates that never divide evenly. The expected
    /// amounts come from the closed formula, applied once at the end.
    fun every_split_adds_up() {
        let rates = vector[0, 1, 7, 3_599, 3_601, 9_999_991, 123_456_789];
        let w = t::setup_at(1);
        let paid = 0;
        let fees = 0;
        let seq = 0;
        rates.for_each(|rate| {
            provider_registry::update_price(&m::owner(), w.provider(), rate, 0);
            let fee_bps = (rate * 37) % 1_001;
            m::set_fee(fee_bps);
            // ceil(rate * 997 / 3,600), and 13 more than needed.
            let job = w.running(997, (rate * 997 + 3_599) / 3_600 + 13);
            let started = m::elapsed();
            let steps = vector[1, 130, 409];
            steps.for_each(|step| {
                m::wait(step);
                seq = seq + 1;
                w.pay(job, seq, m::elapsed() - started - 1);
            });
            m::wait(1 + rate % 1_000);
            seq = seq + 1;
            w.complete(job, seq, m::elapsed() - started);
            let ran = 541 + rate % 1_000;
            let billed = if (ran < 997) ran else 997;
            let gross = rate * billed / 3_600;
            let fee = gross * fee_bps / 10_000;
            paid = paid + gross;
            fees = fees + fee;
            assert!(w.balance(m::of(&m::buyer())) == m::funds() - paid, rate);
            assert!(w.balance(m::of(&m::owner())) == m::funds() + paid - fees, rate);
            assert!(w.balance(m::treasury_address()) == fees, rate);
            // What the stream says of itself agrees.
            assert!(t::stream_field(job, 16) == gross, rate);
            assert!(t::is_stream_closed(job), rate);
        });
    }
}
