// Made by `npm run codegen` from move/sources. Don't edit.
/** Module -> entry function -> parameter types without the signer; {package} stands for the package's address. */
export const ENTRY_FUNCTIONS = {
  "job_registry": {
    "accept": [
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "cancel": [
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "complete": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64",
      "vector<0x1::string::String>",
      "vector<u8>",
      "vector<u8>",
      "u64",
      "u64",
      "u64",
      "vector<u8>",
      "vector<u8>"
    ],
    "create_job": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "0x1::string::String",
      "0x1::string::String",
      "u64",
      "u64",
      "u64"
    ],
    "expire": [
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "fail": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64",
      "0x1::string::String",
      "vector<0x1::string::String>",
      "vector<u8>",
      "vector<u8>",
      "u64",
      "u64",
      "u64",
      "vector<u8>",
      "vector<u8>"
    ],
    "finalize": [
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "flag_stalled": [
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "start": [
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "terminate": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64",
      "u64",
      "u64",
      "vector<u8>",
      "vector<u8>"
    ]
  },
  "market": {
    "accept_admin": [],
    "initialize": [
      "0x1::object::Object<0x1::fungible_asset::Metadata>"
    ],
    "propose_admin": [
      "address"
    ],
    "set_asset_allowed": [
      "0x1::object::Object<0x1::fungible_asset::Metadata>",
      "bool"
    ],
    "update_parameters": [
      "u64",
      "address",
      "u64",
      "u64",
      "u64",
      "u64",
      "u64",
      "u64",
      "u64",
      "u64",
      "u64",
      "bool"
    ]
  },
  "payment_stream": {
    "process_payment": [
      "address",
      "u64",
      "u64",
      "u64",
      "vector<u8>",
      "vector<u8>"
    ],
    "process_payments": [
      "vector<address>",
      "vector<u64>",
      "vector<u64>",
      "vector<u64>",
      "vector<vector<u8>>",
      "vector<vector<u8>>"
    ]
  },
  "provider_registry": {
    "add_stake": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "u64"
    ],
    "heartbeat": [
      "0x1::object::Object<{package}::provider_registry::Provider>"
    ],
    "register": [
      "address",
      "vector<u8>",
      "0x1::string::String",
      "0x1::string::String",
      "u64",
      "u64",
      "u64",
      "u64",
      "u64",
      "0x1::string::String",
      "0x1::string::String",
      "u64",
      "u64",
      "0x1::object::Object<0x1::fungible_asset::Metadata>",
      "u64"
    ],
    "request_unstake": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "u64"
    ],
    "set_availability": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "bool"
    ],
    "update_operator": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "address",
      "vector<u8>"
    ],
    "update_price": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "u64"
    ],
    "withdraw_stake": [
      "0x1::object::Object<{package}::provider_registry::Provider>"
    ]
  }
} as const;
