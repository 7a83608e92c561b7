/// What one transaction pays out, gathered so that a receiver with many parts is paid once.
/// It doesn't know where the money comes from, nor why a receiver gets it.
///
///     new --> add* --> pay_all --> gone
///
/// A value of this type can be neither dropped nor stored: what was taken is paid in the same transaction, or the
/// transaction aborts.
module computestream::payout {
    use aptos_framework::fungible_asset::{Self, FungibleAsset};
    use computestream::vault;

    // === Constants ===

    /// A batch's treasury, keeper and first payees come first and come back most often. Looking through all entries
    /// would make a batch of strangers cost the square of its size.
    const REMEMBERED: u64 = 4;
    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    // === Structs ===

    struct Payout {
        receivers: vector<address>,
        /// What each receiver gets, in the same order.
        funds: vector<FungibleAsset>
    }

    // === Package ===

    public(package) fun new(): Payout {
        Payout { receivers: vector[], funds: vector[] }
    }

    /// Joins `funds` with what `to` gets already, if that is among the first entries or the last.
    public(package) fun add(self: &mut Payout, to: address, funds: FungibleAsset) {
        if (fungible_asset::amount(&funds) == 0) {
            fungible_asset::destroy_zero(funds);
            return
        };
        let count = self.receivers.length();
        let i = 0;
        while (i < count) {
            if (self.receivers[i] == to && self.fits(i, &funds)) {
                fungible_asset::merge(&mut self.funds[i], funds);
                return
            };
            i = if (i + 1 == REMEMBERED && count > REMEMBERED) count - 1 else i + 1;
        };
        self.receivers.push_back(to);
        self.funds.push_back(funds);
    }

    public(package) fun pay_all(self: Payout) {
        let Payout { receivers, funds } = self;
        receivers.zip(funds, |to, part| vault::pay_out(to, part));
    }

    // === Private ===

    /// The same asset, and a sum that is still a number: a second entry must not make the transaction abort.
    fun fits(self: &Payout, i: u64, funds: &FungibleAsset): bool {
        let part = &self.funds[i];
        fungible_asset::asset_metadata(part) == fungible_asset::asset_metadata(funds)
            && fungible_asset::amount(part) <= MAX_U64 - fungible_asset::amount(funds)
    }
}
