//! The file layer itself: the system's own, with a note of everything that changes a file.
#![expect(unsafe_code, reason = "an SQLite file layer is a table of C functions")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::size_of;
use std::path::Path;
use std::ptr;

use rusqlite::ffi;

use super::Recording;
use super::recording::Entry;

/// What hangs on the registered layer; lives as long as the process.
struct Layer {
    system: *mut ffi::sqlite3_vfs,
    recording: Recording,
}

/// An open file: ours first, as SQLite demands, then the system's behind it.
#[repr(C)]
struct OpenFile {
    base: ffi::sqlite3_file,
    /// Name and recording; null for a temporary file, which no power cut concerns.
    notes: *mut Notes,
}

struct Notes {
    name: String,
    recording: Recording,
}

/// Makes a file layer of this name known to SQLite.
pub(super) fn register(name: &str, recording: Recording) {
    // SAFETY: the system's layer is static. Ours, its name and its data are leaked, so they
    // outlive every connection, as SQLite demands.
    unsafe {
        let system = ffi::sqlite3_vfs_find(ptr::null());
        assert!(!system.is_null(), "SQLite has no file layer of its own");
        let name = CString::new(name).expect("a name without NUL").into_raw();
        assert!(ffi::sqlite3_vfs_find(name).is_null(), "a file layer of this name exists");
        let mut layer = *system;
        layer.zName = name;
        layer.pNext = ptr::null_mut();
        layer.szOsFile += size_of::<OpenFile>() as c_int;
        layer.pAppData = Box::into_raw(Box::new(Layer { system, recording })).cast();
        layer.xOpen = Some(open);
        layer.xDelete = Some(delete);
        layer.xAccess = Some(access);
        layer.xFullPathname = Some(full_pathname);
        layer.xRandomness = Some(randomness);
        layer.xSleep = Some(sleep);
        layer.xCurrentTime = None;
        layer.xCurrentTimeInt64 = Some(current_time);
        layer.xGetLastError = Some(last_error);
        let refused = ffi::sqlite3_vfs_register(Box::into_raw(Box::new(layer)), 0);
        assert_eq!(refused, ffi::SQLITE_OK, "SQLite refused the file layer");
    }
}

/// SAFETY (all functions below): SQLite calls them with the layer registered above, with
/// files that `open` has filled in, and with buffers of the sizes it names.
unsafe fn layer<'a>(vfs: *mut ffi::sqlite3_vfs) -> &'a Layer {
    unsafe { &*(*vfs).pAppData.cast::<Layer>() }
}

unsafe fn system_file(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    unsafe { file.cast::<OpenFile>().add(1).cast() }
}

unsafe fn system_methods<'a>(file: *mut ffi::sqlite3_file) -> &'a ffi::sqlite3_io_methods {
    unsafe { &*(*system_file(file)).pMethods }
}

unsafe fn note(file: *mut ffi::sqlite3_file, entry: impl FnOnce(String) -> Entry) {
    unsafe {
        if let Some(notes) = (*file.cast::<OpenFile>()).notes.as_ref() {
            notes.recording.push(entry(notes.name.clone()));
        }
    }
}

/// The file's name without its folder; the shared-memory index is rebuilt, never recovered.
unsafe fn file_name(path: *const c_char) -> Option<String> {
    if path.is_null() {
        return None;
    }
    let path = unsafe { CStr::from_ptr(path) }.to_str().ok()?;
    Some(Path::new(path).file_name()?.to_str()?.to_owned())
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    unsafe {
        let layer = layer(vfs);
        let ours = file.cast::<OpenFile>();
        (*ours).base.pMethods = ptr::null();
        (*ours).notes = ptr::null_mut();
        let Some(system_open) = (*layer.system).xOpen else { return ffi::SQLITE_CANTOPEN };
        let opened = system_open(layer.system, path, system_file(file), flags, out_flags);
        if opened == ffi::SQLITE_OK {
            (*ours).base.pMethods = &METHODS;
            if let Some(name) = file_name(path) {
                let notes = Notes { name, recording: layer.recording.clone() };
                (*ours).notes = Box::into_raw(Box::new(notes));
            }
        }
        opened
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, path: *const c_char, sync: c_int) -> c_int {
    unsafe {
        let layer = layer(vfs);
        if let Some(file) = file_name(path) {
            layer.recording.push(Entry::Delete { file });
        }
        (*layer.system).xDelete.map_or(ffi::SQLITE_IOERR, |delete| delete(layer.system, path, sync))
    }
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    flags: c_int,
    result: *mut c_int,
) -> c_int {
    unsafe {
        let system = layer(vfs).system;
        (*system).xAccess.map_or(ffi::SQLITE_IOERR, |access| access(system, path, flags, result))
    }
}

unsafe extern "C" fn full_pathname(
    vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    size: c_int,
    result: *mut c_char,
) -> c_int {
    unsafe {
        let system = layer(vfs).system;
        (*system).xFullPathname.map_or(ffi::SQLITE_IOERR, |full| full(system, path, size, result))
    }
}

unsafe extern "C" fn randomness(vfs: *mut ffi::sqlite3_vfs, size: c_int, result: *mut c_char) -> c_int {
    unsafe {
        let system = layer(vfs).system;
        (*system).xRandomness.map_or(0, |randomness| randomness(system, size, result))
    }
}

unsafe extern "C" fn sleep(vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    unsafe {
        let system = layer(vfs).system;
        (*system).xSleep.map_or(0, |sleep| sleep(system, micros))
    }
}

unsafe extern "C" fn current_time(vfs: *mut ffi::sqlite3_vfs, result: *mut ffi::sqlite3_int64) -> c_int {
    unsafe {
        let system = layer(vfs).system;
        (*system).xCurrentTimeInt64.map_or(ffi::SQLITE_ERROR, |time| time(system, result))
    }
}

unsafe extern "C" fn last_error(vfs: *mut ffi::sqlite3_vfs, size: c_int, text: *mut c_char) -> c_int {
    unsafe {
        let system = layer(vfs).system;
        (*system).xGetLastError.map_or(0, |error| error(system, size, text))
    }
}

/// Version 2: with shared memory, which the write-ahead log needs; without memory mapping,
/// which would pass by the notes.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    unsafe {
        let notes = (*file.cast::<OpenFile>()).notes;
        if !notes.is_null() {
            drop(Box::from_raw(notes));
            (*file.cast::<OpenFile>()).notes = ptr::null_mut();
        }
        system_methods(file).xClose.map_or(ffi::SQLITE_IOERR, |close| close(system_file(file)))
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    size: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    unsafe {
        let content = std::slice::from_raw_parts(bytes.cast::<u8>(), size as usize).to_vec();
        note(file, |file| Entry::Write { file, offset: offset as usize, bytes: content });
        system_methods(file).xWrite.map_or(ffi::SQLITE_IOERR, |write| write(system_file(file), bytes, size, offset))
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    unsafe {
        note(file, |file| Entry::Truncate { file, size: size as usize });
        system_methods(file).xTruncate.map_or(ffi::SQLITE_IOERR, |truncate| truncate(system_file(file), size))
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    unsafe {
        let covers = (*file.cast::<OpenFile>()).notes.as_ref().map_or(0, |notes| notes.recording.len());
        let synced = system_methods(file).xSync.map_or(ffi::SQLITE_IOERR, |sync| sync(system_file(file), flags));
        if synced == ffi::SQLITE_OK {
            note(file, |file| Entry::Flush { file, covers });
        }
        synced
    }
}

macro_rules! pass_on {
    ($($name:ident = $method:ident($($argument:ident: $kind:ty),*);)*) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $argument: $kind)*) -> c_int {
            unsafe {
                system_methods(file)
                    .$method
                    .map_or(ffi::SQLITE_IOERR, |method| method(system_file(file) $(, $argument)*))
            }
        }
    )*};
}

pass_on! {
    read = xRead(bytes: *mut c_void, size: c_int, offset: ffi::sqlite3_int64);
    file_size = xFileSize(size: *mut ffi::sqlite3_int64);
    lock = xLock(level: c_int);
    unlock = xUnlock(level: c_int);
    check_reserved_lock = xCheckReservedLock(result: *mut c_int);
    file_control = xFileControl(operation: c_int, argument: *mut c_void);
    sector_size = xSectorSize();
    device_characteristics = xDeviceCharacteristics();
    shm_map = xShmMap(page: c_int, size: c_int, extend: c_int, result: *mut *mut c_void);
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int);
    shm_unmap = xShmUnmap(delete: c_int);
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    unsafe {
        if let Some(barrier) = system_methods(file).xShmBarrier {
            barrier(system_file(file));
        }
    }
}
