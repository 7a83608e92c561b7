#[test_only]
/// Accounts that are frozen, keepers that are strangers: none of them keeps another's money. Frozen escrows are in
/// job_frozen_tests.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered.
module computestream::job_hostile_tests {
    use computestream::escrow;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::world_test_utils::{Self as t, World};

    /// `who` has frozen or full stores: what it was owed lies in stores of its own.
    fun assert_kept(who: address, amount: u64) {
        assert!(j::kept_for(who) == amount, 9601);
    }

    /// Nothing was made or lost, and the job is settled and empty.
    fun assert_whole(w: &World, job: address) {
        let buyer = m::of(&m::buyer());
        let owner = m::of(&m::owner());
        let treasury = m::treasury_address();
        assert!(
            w.balance(buyer) + w.balance(owner) + w.balance(treasury) + j::kept_for(buyer)
                + j::kept_for(owner) + j::kept_for(treasury) == 2 * m::funds(),
            9611
        );
        assert!(escrow::balance(job) == 0, 9612);
    }

    #[test]
    fun a_frozen_buyer_gets_its_refund_in_a_store_of_its_own() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::freeze_account(w.asset(), m::of(&m::buyer()), true);
        m::wait(10);
        w.complete(job, 1, 10);
        t::assert_state(job, 8, 3);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 9_900, 1);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 100_000, 2);
        assert_kept(m::of(&m::buyer()), 90_000);
        assert_whole(&w, job);
    }

    #[test]
    fun a_frozen_buyer_may_cancel() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        m::freeze_account(w.asset(), m::of(&m::buyer()), true);
        job_registry::cancel(&m::buyer(), t::handle(job));
        assert_kept(m::of(&m::buyer()), 100_000);
        assert_whole(&w, job);
    }

    #[test]
    fun a_frozen_buyer_keeps_no_job_from_expiring() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        m::freeze_account(w.asset(), m::of(&m::buyer()), true);
        m::wait(120);
        job_registry::expire(&m::stranger(), t::handle(job));
        assert_kept(m::of(&m::buyer()), 100_000);
        assert_whole(&w, job);
    }

    #[test]
    #[expected_failure(abort_code = 0x50003, location = aptos_framework::fungible_asset)]
    fun a_frozen_buyer_orders_nothing() {
        let w = t::setup();
        m::freeze_account(w.asset(), m::of(&m::buyer()), true);
        w.create(100, 100_000);
    }

    #[test]
    fun a_frozen_payee_is_paid_into_stores_of_its_own() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::freeze_account(w.asset(), m::of(&m::owner()), true);
        m::wait(10);
        w.pay(job, 1, 10);
        assert_kept(m::of(&m::owner()), 9_900);
        m::wait(10);
        // Nor does it keep the buyer from ending the job and having its refund.
        w.terminate(job, 2, 20);
        t::assert_state(job, 8, 6);
        assert_kept(m::of(&m::owner()), 19_800);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 20_000, 1);
        assert_whole(&w, job);
    }

    #[test]
    fun a_frozen_treasury_stops_nothing() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 10, vector[]);
        m::freeze_account(w.asset(), m::treasury_address(), true);
        m::wait(30);
        w.complete(job, 1, 30);
        j::confirm(job);
        t::assert_state(job, 8, 3);
        assert_kept(m::treasury_address(), 300);
        assert_whole(&w, job);
    }

    #[test]
    fun who_ends_a_job_gets_the_keepers_share_and_no_more() {
        let w = t::setup();
        m::set_fees(1_000, 5_000);
        let job = w.running(100, 100_000);
        m::wait(10);
        // The buyer brings the last attestation: half of 10 % of 10,000 is its.
        w.terminate(job, 1, 10);
        t::assert_state(job, 8, 6);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 9_000, 1);
        assert!(w.balance(m::treasury_address()) == 500, 2);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 10_000 + 500, 3);
    }

    #[test]
    fun a_stranger_without_a_store_expires_a_job_for_nothing() {
        let w = t::setup();
        m::set_fees(1_000, 5_000);
        let job = w.running(1_000, 1_000_000);
        m::wait(10);
        j::bring(&w, job, 1, 40, 40);
        m::wait(60);
        j::expire_stalled(job);
        // The thirty seconds attested ahead are paid at the end; the stranger's share stays with the treasury.
        j::assert_settled(&w, job, 7, 40, 1_000_000, 36_000, 4_000, 960_000);
    }
}
