package local

import (
	"fmt"
	"unsafe"

	"ragway/retriever"
)

// array is one of a segment's slices, as the bytes that a segment file has of it.
type array interface {
	bytes() []byte
	// set makes the slice of bytes, without a copy. They are aligned to 8.
	set([]byte) error
}

type element interface {
	~byte | ~int16 | ~uint16 | ~uint32 | ~int64 | ~uint64 | ~float32 | ~float64 | ~[16]byte
}

type sliceArray[T element] struct{ at *[]T }

func arrayOf[T element](at *[]T) array { return sliceArray[T]{at} }

func (a sliceArray[T]) bytes() []byte {
	var t T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(*a.at))), len(*a.at)*int(unsafe.Sizeof(t)))
}

func (a sliceArray[T]) set(data []byte) error {
	var t T
	size := int(unsafe.Sizeof(t))
	if len(data)%size != 0 {
		return fmt.Errorf("array of %d bytes, elements of %d: %w", len(data), size, retriever.ErrCorrupt)
	}
	*a.at = nil
	if len(data) > 0 {
		*a.at = unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data))), len(data)/size)
	}
	return nil
}
