//! An allocator that counts what is held, and the most that was.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static TIMES: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counted where a benchmark makes it the global one.
#[derive(Debug)]
pub struct Counting;

/// The bytes allocated and not freed.
#[must_use]
pub fn held() -> usize {
    HELD.load(Relaxed)
}

/// The most that was held since the last call, which begins to count anew.
pub fn most() -> usize {
    MOST.swap(held(), Relaxed)
}

/// How many times memory was allocated so far, and how many bytes it was in all.
#[must_use]
pub fn allocated() -> (usize, usize) {
    (TIMES.load(Relaxed), BYTES.load(Relaxed))
}

fn grown(by: usize) {
    TIMES.fetch_add(1, Relaxed);
    BYTES.fetch_add(by, Relaxed);
    MOST.fetch_max(HELD.fetch_add(by, Relaxed) + by, Relaxed);
}

// SAFETY: all is passed on to the system's allocator; nothing but numbers is kept.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size);
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}
