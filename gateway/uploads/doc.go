// Package uploads keeps files that clients upload, and has them ingested into the vector
// stores they are attached to.
//
// Bytes lie in a folder, one file each, written under another name and renamed when they
// are whole. All else is records in the store's state, which every process on it shares:
//
//	files          a file: whose, its name, size and hash
//	vector_stores  what a vector store's maker said of it
//	queue          collections in which there may be something to do
//	upload         per collection, what is wanted of a file: attributes, access list, cut, or
//	               that it goes. Only calls of the API write it, each under a new revision
//	upload_state   per collection, what has become of that revision. Only the worker writes it
//	upload_batch   per collection, the files that were attached together
//
// A file is in progress while its state is of another revision than what is wanted. So
// nothing that a call has acknowledged is lost by a crash, and a change that comes while a
// file is being ingested is not overwritten by the outcome. The worker holds a lease on a
// collection's uploads from reading what is wanted to writing what became of it, and a
// deletion is done by it too: what was wanted before cannot come after.
//
// A file is for callers who have every principal that its uploader had: whoever could
// attach it where they may read had at least the same rights.
package uploads
