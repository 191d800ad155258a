//! Hash partitions on disk: what belongs together is written together, so that
//! it can be read back a part at a time however large the file was.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

/// Partitions in one file. Each has a small buffer; full buffers are appended
/// as blocks, and a list remembers which block belongs to whom.
#[derive(Debug)]
pub(crate) struct Spill {
    file: TempFile,
    file_bytes: u64,
    partitions: Vec<Partition>,
    buffer_bytes: usize,
}

#[derive(Debug, Default, Clone)]
struct Partition {
    buffer: Vec<u8>,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    start: u64,
    bytes: usize,
}

impl Spill {
    /// An empty spill in a new file that disappears with it.
    pub(crate) fn create(
        path: PathBuf,
        partitions: usize,
        buffer_bytes: usize,
    ) -> io::Result<Self> {
        Ok(Self {
            file: TempFile::create(path)?,
            file_bytes: 0,
            partitions: vec![Partition::default(); partitions.max(1)],
            buffer_bytes,
        })
    }

    /// How many partitions there are.
    pub(crate) fn len(&self) -> usize {
        self.partitions.len()
    }

    /// The partition of a fingerprint.
    pub(crate) fn partition_of(&self, fingerprint: u64) -> usize {
        // The high half of the product: even without a power of two, and no division.
        let scaled = u128::from(fingerprint) * self.partitions.len() as u128;
        usize::try_from(scaled >> 64).unwrap_or(0)
    }

    /// Appends to a partition whatever `write` appends to its buffer: one whole item.
    pub(crate) fn append(
        &mut self,
        partition: usize,
        write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let target = &mut self.partitions[partition];
        write(&mut target.buffer)?;
        if target.buffer.len() >= self.buffer_bytes {
            self.file.handle.write_all(&target.buffer)?;
            target.blocks.push(Block {
                start: self.file_bytes,
                bytes: target.buffer.len(),
            });
            self.file_bytes += target.buffer.len() as u64;
            target.buffer.clear();
        }
        Ok(())
    }

    /// Reads a partition's items in pieces of at most about `piece_bytes`, each
    /// made of whole items, in the order they were appended.
    pub(crate) fn read(
        &self,
        partition: usize,
        piece_bytes: usize,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let source = &self.partitions[partition];
        let mut piece = Vec::new();
        for block in &source.blocks {
            if !piece.is_empty() && piece.len() + block.bytes > piece_bytes {
                take(&piece)?;
                piece.clear();
            }
            block.read(&self.file.handle, &mut piece)?;
        }
        piece.extend_from_slice(&source.buffer);
        if !piece.is_empty() {
            take(&piece)?;
        }
        Ok(())
    }

    /// Reads all of a partition at once.
    pub(crate) fn read_whole(&self, partition: usize) -> io::Result<Vec<u8>> {
        let source = &self.partitions[partition];
        let mut all = Vec::with_capacity(source.bytes());
        for block in &source.blocks {
            block.read(&self.file.handle, &mut all)?;
        }
        all.extend_from_slice(&source.buffer);
        Ok(all)
    }

    /// How many bytes were appended to a partition.
    pub(crate) fn bytes(&self, partition: usize) -> usize {
        self.partitions[partition].bytes()
    }
}

impl Partition {
    fn bytes(&self) -> usize {
        self.buffer.len() + self.blocks.iter().map(|block| block.bytes).sum::<usize>()
    }
}

impl Block {
    /// Appends the block to `out`. Moves no position of the file, so that threads
    /// may read side by side.
    fn read(self, file: &File, out: &mut Vec<u8>) -> io::Result<()> {
        let held = out.len();
        out.resize(held + self.bytes, 0);
        file.read_exact_at(&mut out[held..], self.start)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => damaged("a block is cut short"),
                _ => error,
            })
    }
}

/// A file that is removed when it is no longer needed.
#[derive(Debug)]
pub(crate) struct TempFile {
    pub(crate) handle: File,
    path: PathBuf,
}

impl TempFile {
    pub(crate) fn create(path: PathBuf) -> io::Result<Self> {
        let handle = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        Ok(Self { handle, path })
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // Nothing is lost if it stays: the next run of the same upload overwrites it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Reports bytes on disk that cannot be what was written.
pub(crate) fn damaged(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("damaged work file: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::mix;

    fn pieces_of(spill: &mut Spill, partition: usize, piece_bytes: usize) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        spill
            .read(partition, piece_bytes, |piece| {
                pieces.push(piece.to_vec());
                Ok(())
            })
            .unwrap();
        pieces
    }

    #[test]
    fn every_item_comes_back_in_its_partition_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut spill = Spill::create(dir.path().join("s"), 7, 16).unwrap();
        let mut expected = vec![Vec::new(); 7];
        for i in 0..1_000_u64 {
            let partition = spill.partition_of(mix(i));
            let item = i.to_le_bytes();
            expected[partition].extend_from_slice(&item);
            spill
                .append(partition, |buffer| {
                    buffer.extend_from_slice(&item);
                    Ok(())
                })
                .unwrap();
        }
        assert!(expected.iter().all(|partition| !partition.is_empty()));
        for (partition, expected) in expected.iter().enumerate() {
            let pieces = pieces_of(&mut spill, partition, 100);
            assert!(pieces.len() > 1);
            assert!(
                pieces
                    .iter()
                    .all(|piece| piece.len() % 8 == 0 && piece.len() <= 124)
            );
            assert_eq!(&pieces.concat(), expected);
        }
    }

    #[test]
    fn the_work_file_disappears_with_the_spill() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let spill = Spill::create(path.clone(), 1, 16).unwrap();
        assert!(path.exists());
        drop(spill);
        assert!(!path.exists());
    }
}
