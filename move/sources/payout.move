/// What one transaction pays out, gathered so that a receiver with many parts is paid once.
/// It doesn't know where the money comes from, nor why a receiver gets it.
///
///     new --> add* / add_split* --> pay_all --> gone
///
/// A value of this type can be neither dropped nor stored: what was taken is paid in the same transaction, or the
/// transaction aborts.
module computestream::payout {
    use aptos_framework::fungible_asset::{Self, FungibleAsset, Metadata};
    use aptos_framework::object::Object;
    use computestream::vault;

    // === Constants ===

    /// A batch's treasury, keeper and first payees come first and come back most often. Looking through all receivers
    /// would make a batch of strangers cost the square of its size.
    const REMEMBERED: u64 = 4;
    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    // === Structs ===

    struct Payout {
        /// Nearly always one: a batch of one asset.
        pots: vector<Pot>
    }

    /// All the money of one asset, and whose it is: `amounts` go to `receivers`, in the same order, and add up to
    /// `total`, which is what `funds` holds. Numbers are cheaper to share out than money is, and to ask for.
    struct Pot {
        asset: Object<Metadata>,
        total: u64,
        funds: FungibleAsset,
        receivers: vector<address>,
        amounts: vector<u64>
    }

    // === Package ===

    public(package) fun new(): Payout {
        Payout { pots: vector[] }
    }

    public(package) fun add(self: &mut Payout, to: address, funds: FungibleAsset) {
        let amount = fungible_asset::amount(&funds);
        self.pour(funds, amount).owe(to, amount);
    }

    /// `funds` in three: the first two amounts to the first two receivers, what is left of it to the last.
    public(package) fun add_split(
        self: &mut Payout,
        first: address,
        first_amount: u64,
        second: address,
        second_amount: u64,
        rest_to: address,
        funds: FungibleAsset
    ) {
        let amount = fungible_asset::amount(&funds);
        let rest = amount - first_amount - second_amount;
        let pot = self.pour(funds, amount);
        pot.owe(first, first_amount);
        pot.owe(second, second_amount);
        pot.owe(rest_to, rest);
    }

    public(package) fun pay_all(self: Payout) {
        let Payout { pots } = self;
        pots.for_each(|pot| {
            let Pot { asset: _, total: _, funds, receivers, amounts } = pot;
            receivers.zip(amounts, |to, amount| {
                vault::pay_out(to, fungible_asset::extract(&mut funds, amount));
            });
            fungible_asset::destroy_zero(funds);
        });
    }

    // === Private ===

    /// Puts `funds` of `amount` into the pot of its asset. A sum beyond u64 begins another: one entry of a batch must
    /// not make the others abort.
    fun pour(self: &mut Payout, funds: FungibleAsset, amount: u64): &mut Pot {
        let asset = fungible_asset::asset_metadata(&funds);
        let room = MAX_U64 - amount;
        let count = self.pots.length();
        let i = 0;
        while (i < count) {
            let pot = &self.pots[i];
            if (pot.asset == asset && pot.total <= room) break;
            i = i + 1;
        };
        if (i == count) {
            self.pots.push_back(
                Pot { asset, total: amount, funds, receivers: vector[], amounts: vector[] }
            );
        } else {
            let pot = &mut self.pots[i];
            fungible_asset::merge(&mut pot.funds, funds);
            pot.total = pot.total + amount;
        };
        &mut self.pots[i]
    }

    /// Joins with what `to` gets already, if that is among the first receivers or the last.
    fun owe(self: &mut Pot, to: address, amount: u64) {
        if (amount == 0) return;
        let count = self.receivers.length();
        let i = 0;
        while (i < count) {
            if (self.receivers[i] == to) {
                let owed = &mut self.amounts[i];
                *owed = *owed + amount;
                return
            };
            i = if (i + 1 == REMEMBERED && count > REMEMBERED) count - 1 else i + 1;
        };
        self.receivers.push_back(to);
        self.amounts.push_back(amount);
    }
}
