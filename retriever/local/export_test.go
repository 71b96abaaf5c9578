package local

// WithSmallSegments is o with every segment in a file, so that few documents make many.
func (o Options) WithSmallSegments() Options {
	o.segmentChunks, o.fileFrom = 12, 1
	return o
}
