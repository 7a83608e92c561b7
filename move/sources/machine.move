/// What a provider says its machine is, what an order asks of one, and whether the one meets the other.
/// It doesn't know who owns a machine, nor which of its GPUs are busy.
module computestream::machine {
    use std::string::{Self, String};

    // === Errors ===

    /// The name must be 1 to 128 bytes long, and GPU model, region and sandbox at most 128 bytes each.
    const E_TEXT_LENGTH: u64 = 1;
    /// A machine can have at most 64 GPUs: register the others as a second provider.
    const E_TOO_MANY_GPUS: u64 = 2;
    /// The GPU model, region and sandbox asked for must be at most 128 bytes long each.
    const E_REQUIREMENT_LENGTH: u64 = 3;

    // === Constants ===

    const MAX_TEXT_LENGTH: u64 = 128;
    /// One bit each in a mask.
    const MAX_GPUS: u64 = 64;

    // === Structs ===

    struct Machine has copy, drop, store {
        name: String,
        gpu_model: String,
        gpu_count: u64,
        /// Of each GPU.
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String
    }

    /// An empty text takes any, a number is the least that will do.
    struct Requirements has copy, drop, store {
        gpu_model: String,
        gpus: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        min_stake: u64
    }

    // === Package ===

    public(package) fun new(
        name: String,
        gpu_model: String,
        gpu_count: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String
    ): Machine {
        assert!(
            !name.is_empty()
                && fits(&name)
                && fits(&gpu_model)
                && fits(&region)
                && fits(&sandbox),
            E_TEXT_LENGTH
        );
        assert!(gpu_count <= MAX_GPUS, E_TOO_MANY_GPUS);
        Machine {
            name,
            gpu_model,
            gpu_count,
            vram_gb,
            cpu_cores,
            ram_gb,
            disk_gb,
            region,
            sandbox
        }
    }

    public(package) fun new_requirements(
        gpu_model: String,
        gpus: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        min_stake: u64
    ): Requirements {
        assert!(
            fits(&gpu_model) && fits(&region) && fits(&sandbox),
            E_REQUIREMENT_LENGTH
        );
        Requirements {
            gpu_model,
            gpus,
            vram_gb,
            cpu_cores,
            ram_gb,
            disk_gb,
            region,
            sandbox,
            min_stake
        }
    }

    /// What an order names when its buyer chose the machine: how many GPUs, and nothing else.
    public(package) fun only_gpus(gpus: u64): Requirements {
        let any = string::utf8(b"");
        Requirements {
            gpu_model: any,
            gpus,
            vram_gb: 0,
            cpu_cores: 0,
            ram_gb: 0,
            disk_gb: 0,
            region: any,
            sandbox: any,
            min_stake: 0
        }
    }

    public(package) fun gpu_count(self: &Machine): u64 {
        self.gpu_count
    }

    public(package) fun min_stake(self: &Requirements): u64 {
        self.min_stake
    }

    public(package) fun gpus(self: &Requirements): u64 {
        self.gpus
    }

    public(package) fun meets(
        self: &Machine, requirements: &Requirements, staked: u64
    ): bool {
        is_wanted(&requirements.gpu_model, &self.gpu_model)
            && self.gpu_count >= requirements.gpus
            && self.vram_gb >= requirements.vram_gb
            && self.cpu_cores >= requirements.cpu_cores
            && self.ram_gb >= requirements.ram_gb
            && self.disk_gb >= requirements.disk_gb
            && is_wanted(&requirements.region, &self.region)
            && is_wanted(&requirements.sandbox, &self.sandbox)
            && staked >= requirements.min_stake
    }

    // === Private ===

    fun is_wanted(wanted: &String, offered: &String): bool {
        wanted.is_empty() || wanted == offered
    }

    fun fits(text: &String): bool {
        text.length() <= MAX_TEXT_LENGTH
    }
}
