// Made by `npm run codegen` from move/sources. Don't edit.
/** Module -> entry function -> parameter types without the signer; {package} stands for the package's address. */
export const ENTRY_FUNCTIONS = {
  "dispute": {
    "answer_challenge": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "vector<u8>",
      "vector<vector<u8>>"
    ],
    "challenge_output": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64"
    ],
    "open_arbitration": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "0x1::string::String"
    ],
    "report_contradiction": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64",
      "u64",
      "u64",
      "vector<u8>",
      "vector<u8>",
      "u64",
      "u64",
      "u64",
      "vector<u8>",
      "vector<u8>"
    ],
    "report_device_overlap": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "report_impossible_time": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64",
      "u64",
      "u64",
      "vector<u8>",
      "vector<u8>"
    ],
    "resolve": [
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "rule": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64"
    ]
  },
  "job_orders": {
    "create_job": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "0x1::string::String",
      "0x1::string::String",
      "u64",
      "u64",
      "u64",
      "u64",
      "u64",
      "u8",
      "vector<u8>"
    ],
    "create_jobs": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "0x1::string::String",
      "vector<0x1::string::String>",
      "u64",
      "u64",
      "u64",
      "u64",
      "u64",
      "u8",
      "vector<u8>"
    ],
    "create_open_job": [
      "0x1::object::Object<0x1::fungible_asset::Metadata>",
      "0x1::string::String",
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
      "u64",
      "u64",
      "u64",
      "u8",
      "vector<u8>"
    ],
    "create_open_jobs": [
      "0x1::object::Object<0x1::fungible_asset::Metadata>",
      "0x1::string::String",
      "vector<0x1::string::String>",
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
      "u64",
      "u64",
      "u64",
      "u8",
      "vector<u8>"
    ]
  },
  "job_quotes": {
    "redeem": [
      "address",
      "address",
      "u64",
      "vector<u8>",
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "0x1::string::String",
      "0x1::string::String",
      "u64",
      "u64",
      "u64",
      "u64",
      "u64",
      "u8",
      "vector<u8>"
    ],
    "refund": [
      "0x1::object::Object<0x1::fungible_asset::Metadata>",
      "address",
      "address",
      "u64",
      "vector<u8>",
      "vector<u8>"
    ]
  },
  "job_registry": {
    "accept": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64"
    ],
    "cancel": [
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "change_rate": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64"
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
      "u64",
      "vector<u8>",
      "vector<u8>"
    ],
    "confirm": [
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "confirm_signed": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64",
      "u64",
      "u64",
      "vector<u8>",
      "vector<u8>"
    ],
    "expire": [
      "0x1::object::Object<{package}::job_registry::Job>"
    ],
    "extend": [
      "0x1::object::Object<{package}::job_registry::Job>",
      "u64",
      "u64"
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
    "reclaim": [
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
    "set_dispute_terms": [
      "address",
      "u64",
      "u64",
      "u64",
      "u64"
    ],
    "set_fees": [
      "u64",
      "u64",
      "address"
    ],
    "set_job_bounds": [
      "u64",
      "u64",
      "u64"
    ],
    "set_paused": [
      "bool"
    ],
    "set_stake_terms": [
      "u64",
      "u64",
      "u64",
      "u64"
    ],
    "set_windows": [
      "u64",
      "u64",
      "u64",
      "u64",
      "u64"
    ]
  },
  "payment_stream": {
    "process_payment": [
      "address",
      "u64",
      "u64",
      "u64",
      "vector<u8>",
      "vector<u8>",
      "vector<u8>"
    ],
    "process_payments": [
      "vector<address>",
      "vector<u64>",
      "vector<u64>",
      "vector<u64>",
      "vector<vector<u8>>",
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
      "vector<vector<u8>>",
      "u64",
      "u64",
      "u64",
      "0x1::object::Object<0x1::fungible_asset::Metadata>",
      "u64"
    ],
    "request_unstake": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "u64"
    ],
    "set_status": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "u8"
    ],
    "update_machine": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "0x1::string::String",
      "0x1::string::String",
      "u64",
      "u64",
      "u64",
      "u64",
      "u64",
      "0x1::string::String",
      "0x1::string::String",
      "vector<vector<u8>>",
      "u64"
    ],
    "update_operator": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "address",
      "vector<u8>"
    ],
    "update_price": [
      "0x1::object::Object<{package}::provider_registry::Provider>",
      "u64",
      "u64"
    ],
    "withdraw_stake": [
      "0x1::object::Object<{package}::provider_registry::Provider>"
    ]
  }
} as const;
