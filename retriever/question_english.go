package retriever

// english is tuned on TREC CAsT 2019 and half of CANARD; see TestCompletionBeatsUnchangedQuestions.
var english = tongue{substitutes: true, names: true, apostrophe: true}.with(
	wordList{class: function, words: `a an the is are was were be been being am do does did done doing have has had having will would shall should
			can could may might must to of in on at by for with about from into over under after before between during
			through as than and or but if because while so not no nor only just also too very what which who whom whose
			when where why how i me my mine we us our ours you your yours please let lets up down out off again further
			here many more most some any all each every much then versus vs others another else such own both
			either neither instead besides around since until ever still now today currently recently wow oh hmm huh ah
			well actually interesting sure yeah wait sorry hi hello hey thanks thank ok okay yes though yet
			don't didn't doesn't won't can't isn't aren't wasn't couldn't let's`},
	wordList{kind: thing, words: `it itself`},
	wordList{kind: person, words: `he him himself she hers herself`},
	wordList{kind: group, words: `they them theirs themselves`},
	wordList{kind: thing, class: head, words: `one ones`},
	wordList{kind: somewhere, words: `there`},
	wordList{class: possessive, kind: thing, words: `its`},
	wordList{class: possessive, kind: person, words: `his her`},
	wordList{class: possessive, kind: group, words: `their`},
	wordList{class: determiner, kind: thing, words: `this that these those`},
	wordList{class: article, words: `a an the`},
	wordList{class: be, words: `is are was were`},
	wordList{class: auxiliary, words: `do does did can could will would should shall may might has have had`},
	wordList{class: asking, words: `what which whose many much`},
	wordList{class: of, words: `of for`},
	wordList{class: place, words: `in at from on to into near during`},
	wordList{class: clause, words: `and but or when if while because so that who which where why how what`},
	wordList{class: join, words: `of the and for de la von van der`},
	wordList{class: opener, words: `and but or so also else`},
	wordList{class: about, words: `about`},
	wordList{class: introducer, words: `is are was were about describe explain`},
	wordList{class: leadIn, words: `what who how me more talk know learn`},
	// Adjectives that a question ends with go with the verbs.
	wordList{class: verb, words: `end ends ended thought wonder wondering checked guess believe told suffering tell say said explain describe give show know
			want need think like get got getting go goes going went make makes made making take takes took come comes
			came become became use used using uses work works worked happen happened happens start started begin began
			begun look looked mean means meant find found called call cause causes caused affect affects help helps
			compare compared compares related relate include includes including mention mentioned hear heard read see saw
			seen try tried consider considered play played win won die died born live lived release released write wrote
			written marry married join joined perform performed differ differs evolve change changed choose chose chosen
			buy buying learn learning eat eating keep stop stopped solve solves spread sound sounds seem seems feel
			expect ask asked allow allowed lead led influence influenced attract receive received treat prevent avoid
			watch watched visit enjoy love loved able famous worth good bad better best`},
	wordList{class: light, words: `nice great cool perfect wonderful amazing awesome known important importance interested main different difference differences key similar similarities type
			types kind kinds thing things way ways example examples lot lots long short ago year years time times first
			last new old next other same really often usually possible common biggest largest smallest big large small
			popular typical typically effect effects impact role information article aspects facts fact something
			anything everything someone anyone people person persons somebody places place foods reason reasons evidence
			pros cons advantages disadvantages benefits history origin origins significance cost costs purpose definition
			meaning function symptoms term name names word number part parts`},
)
