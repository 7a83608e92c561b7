/**
 * Stands in for `@aptos-connect/wallet-adapter-plugin`: hosted wallets that only know other networks are not offered.
 * It doesn't know the adapter beyond the three names it constructs; without the eight required wallet features they
 * are dropped by its own check.
 */
class NoHostedWallet {
  readonly features = {};
}

export class AptosConnectGoogleWallet extends NoHostedWallet {}
export class AptosConnectAppleWallet extends NoHostedWallet {}
export class AptosConnectGenericWallet extends NoHostedWallet {}
