//! Work done, counted: tests hold it to a multiple of the length of what is read.

#[cfg(test)]
extern crate std;

#[cfg(test)]
std::thread_local! {
    static STEPS: core::cell::Cell<u64> = const { core::cell::Cell::new(0) };
}

/// Says that `n` bytes were looked at, or that `n` other things of bounded cost were done. Nothing outside of tests.
#[cfg(test)]
pub(crate) fn count(n: usize) {
    STEPS.set(STEPS.get() + n as u64);
}

/// Says that `n` bytes were looked at, or that `n` other things of bounded cost were done. Nothing outside of tests.
#[cfg(not(test))]
#[inline(always)]
pub(crate) const fn count(_: usize) {}

/// How many steps `work` takes.
#[cfg(test)]
pub(crate) fn of<T>(work: impl FnOnce() -> T) -> u64 {
    let before = STEPS.get();
    drop(work());
    STEPS.get() - before
}

/// Says that the two were compared, up to where they differ.
#[cfg(test)]
pub(crate) fn compare(a: &[u8], b: &[u8]) {
    count(1 + a.iter().zip(b).take_while(|(a, b)| a == b).count());
}

/// Says that the two were compared, up to where they differ.
#[cfg(not(test))]
#[inline(always)]
pub(crate) const fn compare(_: &[u8], _: &[u8]) {}
