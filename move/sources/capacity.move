/// Slots and GPUs of a machine: how many there are, and which of them are taken by which jobs.
/// It doesn't know whose machine it is, nor how long a job keeps what it got.
///
/// A mask names GPUs: bit i is GPU i.
module computestream::capacity {

    // === Errors ===

    /// A provider must offer 1 to 256 slots.
    const E_SLOTS: u64 = 1;
    /// The device commitments must be none, or one for each GPU: 32 bytes each, no two the same.
    const E_DEVICES: u64 = 2;
    /// Every slot of the provider is taken: wait until a job ends.
    const E_NO_FREE_SLOT: u64 = 3;
    /// The GPU mask must name exactly as many of the machine's GPUs as the job asks for.
    const E_GPU_MASK: u64 = 4;
    /// One of these GPUs is used by another job: choose free ones.
    const E_GPU_BUSY: u64 = 5;

    // === Constants ===

    const MAX_SLOTS: u64 = 256;
    const COMMITMENT_LENGTH: u64 = 32;

    // === Structs ===

    struct Capacity has drop, store {
        gpu_count: u64,
        /// A commitment for each GPU, or none.
        devices: vector<vector<u8>>,
        slots: u64,
        gpus_busy: u64,
        /// Each takes a slot.
        jobs: vector<address>
    }

    // === Package ===

    /// All of it free.
    public(package) fun new(gpu_count: u64, devices: vector<vector<u8>>, slots: u64): Capacity {
        let count = devices.length();
        assert!(count == 0 || count == gpu_count, E_DEVICES);
        for (i in 0..count) {
            let device = &devices[i];
            // The first of its like is itself.
            let (_, first) = devices.index_of(device);
            assert!(device.length() == COMMITMENT_LENGTH && first == i, E_DEVICES);
        };
        assert!(0 < slots && slots <= MAX_SLOTS, E_SLOTS);
        Capacity { gpu_count, devices, slots, gpus_busy: 0, jobs: vector[] }
    }

    /// Gives the job a slot and these GPUs; returns the GPUs' commitments, if there are any.
    public(package) fun reserve(
        self: &mut Capacity, job: address, gpu_mask: u64, gpus: u64
    ): vector<vector<u8>> {
        assert!(self.jobs.length() < self.slots, E_NO_FREE_SLOT);
        let chosen = indices(gpu_mask);
        assert!(
            chosen.length() == gpus && chosen.all(|index| *index < self.gpu_count),
            E_GPU_MASK
        );
        assert!(self.gpus_busy & gpu_mask == 0, E_GPU_BUSY);

        self.jobs.push_back(job);
        self.gpus_busy = self.gpus_busy | gpu_mask;
        let devices = &self.devices;
        if (devices.is_empty()) vector[]
        else chosen.map(|index| devices[index])
    }

    /// Takes slot and GPUs back; false if the job holds none.
    public(package) fun release(self: &mut Capacity, job: address, gpu_mask: u64): bool {
        let (is_held, index) = self.jobs.index_of(&job);
        if (is_held) {
            self.jobs.swap_remove(index);
            self.gpus_busy = self.gpus_busy ^ gpu_mask;
        };
        is_held
    }

    public(package) fun is_idle(self: &Capacity): bool {
        self.jobs.is_empty()
    }

    public(package) fun devices(self: &Capacity): vector<vector<u8>> {
        self.devices
    }

    public(package) fun slots(self: &Capacity): u64 {
        self.slots
    }

    public(package) fun slots_busy(self: &Capacity): u64 {
        self.jobs.length()
    }

    public(package) fun gpus_busy(self: &Capacity): u64 {
        self.gpus_busy
    }

    public(package) fun jobs(self: &Capacity): vector<address> {
        self.jobs
    }

    // === Private ===

    /// The bits that are set, lowest first.
    fun indices(mask: u64): vector<u64> {
        let found = vector[];
        let index = 0;
        while (mask > 0) {
            if (mask & 1 == 1) found.push_back(index);
            mask = mask >> 1;
            index = index + 1;
        };
        found
    }
}
