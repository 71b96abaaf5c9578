// Package retrievertest holds every retriever.Store to the contract of its doc comments,
// and has the embedders that tests of anything above a store need: deterministic ones and
// ones that misbehave.
package retrievertest

import (
	"context"
	"testing"

	"ragway/retriever"
)

// Harness opens the store under test.
type Harness struct {
	// Open returns a new store without any collections. It closes it in t.Cleanup.
	Open func(t *testing.T) Opened
}

// Opened is a store with the two other ways to reach its data that a test may need.
type Opened struct {
	Store retriever.Store
	// Reopen closes Store and opens the same data again; nil where that means nothing.
	Reopen func() retriever.Store
	// Second opens the same data as another process would; nil where there is none.
	Second func() retriever.Store
}

// TestStore runs the conformance suite. Every test opens a store of its own.
func TestStore(t *testing.T, h Harness) {
	tests := []struct {
		name string
		run  func(*env)
	}{
		{"Collections/CreatedOnesAreListedByName", testCreateAndList},
		{"Collections/SettingsComeBack", testSettingsComeBack},
		{"Collections/CreatingTwiceIsRefused", testCreateTwice},
		{"Collections/BadNamesAreRefused", testBadNames},
		{"Collections/DeletedOneIsGoneWithDocumentsAndRecords", testDeleteCollection},
		{"Collections/MissingOneIsNotFound", testMissingCollection},
		{"Documents/ComeBackWhole", testRoundTrip},
		{"Documents/PutTwiceKeepsOneCopy", testPutTwice},
		{"Documents/ReplacingLeavesNoOldChunk", testReplace},
		{"Documents/WithoutChunksAreKept", testNoChunks},
		{"Documents/DeletedOnesAreGone", testDelete},
		{"Documents/OrderedByIDAndCutByPrefix", testDocumentsOrderAndPrefix},
		{"Documents/SequenceCanBeLeftEarly", testDocumentsBreak},
		{"Passages/ComeInTheOrderAskedFor", testPassages},
		{"Passages/OfReplacedAndDeletedDocumentsAreLeftOut", testPassagesOfReplaced},
		{"Passages/FillBareCandidates", testBareCandidates},
		{"Staging/NobodyElseSeesWhatIsStaged", testStagedIsHidden},
		{"Staging/PromotedTakesThePlace", testPromote},
		{"Staging/PromotedWithNothingThere", testPromoteFirst},
		{"Staging/WrittenSinceIsNotReplaced", testPromoteChanged},
		{"Staging/StagingAgainKeepsWhatIsThere", testStageAgain},
		{"Staging/FormerComesBack", testFormerComesBack},
		{"Staging/DeletingTakesAllOfThem", testDeleteStaged},
		{"Staging/VectorsOfAnotherSpaceAreRefused", testOtherSpace},
		{"Staging/ReadersSeeOneOrTheOther", testReadersDuringPromote},
		{"Atomic/ReadersNeverSeeAMixture", testAtomicVisibility},
		{"Atomic/WritersOfDifferentDocumentsDoNotInterfere", testParallelWriters},
		{"Scope/ZeroSeesNothing", testZeroScope},
		{"Scope/OtherTenantSeesNothing", testTenants},
		{"Scope/AccessListsNeedAPrincipal", testAccessLists},
		{"Scope/CollectionBeyondItIsNotFound", testCollectionBeyondScope},
		{"Scope/CollectionOfAnotherTenantIsNotFound", testCollectionOfAnotherTenant},
		{"Scope/FieldsOfHiddenDocumentsAreNotListed", testFieldsOfHiddenDocuments},
		{"Scope/OperatorSeesAll", testOperator},
		{"Scope/CountsAreItsOwn", testScopedCounts},
		{"Filter/Operators", testFilterOperators},
		{"Filter/ManyValues", testFilterManyValues},
		{"Filter/BadOnesAreErrors", testBadFilters},
		{"Filter/AgreesWithMatch", testFilterAgreesWithMatch},
		{"Filter/ActsBeforeSelection", testFilterBeforeSelection},
		{"Filter/ByDocument", testDocumentFilter},
		{"Ranking/EmptyCollection", testEmptyCollection},
		{"Ranking/NoWordsAndNoVector", testNoWordsNoVector},
		{"Ranking/DepthBeyondTheCollection", testDepthBeyond},
		{"Ranking/ListsAreNoLongerThanDepth", testDepthLimits},
		{"Ranking/LexicalFollowsBM25", testBM25Order},
		{"Ranking/DenseFollowsCosine", testCosineOrder},
		{"Ranking/ScoresAreCompleted", testCompletedScores},
		{"Ranking/TiesBreakByChunkID", testTies},
		{"Ranking/SameQuerySameAnswer", testRepeatable},
		{"Ranking/ContextIsIndexedNotQuoted", testContextIndexed},
		{"Ranking/Coverage", testCoverage},
		{"Ranking/Background", testBackground},
		{"Vectors/NilMeansLexicalOnly", testNilVectors},
		{"Vectors/CollectionWithoutASpace", testNoSpace},
		{"Vectors/BadOnesStopThePut", testBadVectors},
		{"Vectors/BadQueryIsRefused", testBadQueryVectors},
		{"Metadata/FieldTypesAreFixed", testFieldTypes},
		{"Metadata/FieldsAreLimited", testMaxFields},
		{"Metadata/FailedDocumentAddsNoField", testFailedDocumentAddsNoField},
		{"State/RecordsRoundTrip", testRecords},
		{"State/LeaseIsHeldAndReleased", testLease},
		{"State/LeaseExpires", testLeaseExpires},
		{"State/OneOfManyGetsTheLease", testLeaseRace},
		{"Context/CancelledIsReturned", testCancelled},
		{"Life/ReopenKeepsEverything", testReopen},
		{"Life/SecondHandleFollows", testSecondHandle},
		{"Life/SecondHandleFollowsCollections", testSecondHandleCollections},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			opened := h.Open(t)
			tc.run(&env{T: t, Opened: opened, store: opened.Store, ctx: context.Background()})
		})
	}
}
