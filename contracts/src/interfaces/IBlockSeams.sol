// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What an account has locked for what fell or is struck: whoever is handed it disposes of it.
struct Forfeit {
    address account;
    uint96 amount;
}

/// What Adjudicator, Questions and Panel may do to a block, and nobody else (NotAllowed). Blocks says when and
/// who; they say why. What is handed over lies in WeiBook.Locked of its account, and Blocks returns it no more.
interface IBlockSeams {
    /// The participant stands for no other result that stands, or its seat revealed none.
    error NothingElseStoodFor(bytes32 channelId, uint64 blockNumber, uint8 participant);
    /// The result is gone, or its window is over: it could be accused until `closesAt`.
    error AccusationTooLate(bytes32 channelId, uint64 blockNumber, uint256 closesAt);
    /// Parts are decided first.
    error AccusationTooEarly(bytes32 channelId, uint64 blockNumber, uint256 opensAt);
    /// Parts could be questioned until `closesAt`.
    error QuestionTooLate(bytes32 channelId, uint64 blockNumber, uint256 closesAt);
    /// No standing result counts the part that another one leaves out, or it is struck.
    error PartNotInDoubt(bytes32 channelId, uint64 blockNumber, uint8 part);

    /// The Adjudicator: somebody doubts a standing result in a dispute. `participant` stands for another result
    /// that stands; `sender` is its account or operator key (isValidator false, `account` the participant's), or
    /// the validator whose seat for it revealed another (isValidator true, `account` the validator).
    function holdAccusation(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 result,
        uint8 participant,
        address sender
    ) external returns (bytes32 outputHash, address account, bool isValidator);

    /// The Adjudicator: so many accusations are over. With the last one of a block that is over that is burnt which
    /// forfeitTakenBack hands over and nobody has fetched.
    function freeAccusations(bytes32 channelId, uint64 blockNumber, uint8 count) external;

    /// The Adjudicator: a result stands no more. Hands over the bonds of all who posted it; nothing of one that fell
    /// before, for its parts or its tree.
    function fall(bytes32 channelId, uint64 blockNumber, uint8 result)
        external
        returns (Forfeit[] memory forfeits);

    /// The Adjudicator: hands over the bonds of those who took this result of their own back after it was
    /// accused; none a second time. What nobody has fetched when the block is over is burnt once no accusation is open.
    function forfeitTakenBack(bytes32 channelId, uint64 blockNumber, uint8 result)
        external
        returns (Forfeit[] memory forfeits);

    /// Questions or the Panel: a participant (`sender` is its account or operator key) doubts a part that one
    /// standing result counts and another leaves out.
    function holdQuestion(bytes32 channelId, uint64 blockNumber, uint8 part, address sender)
        external
        returns (uint8 participant, address account, bytes27 partDigest);

    /// Questions: as holdQuestion, of a fault that is shown in the same call, and also where the part is struck
    /// already: who shows another fault of it, or the same, has its share of what the owner loses.
    function holdProof(bytes32 channelId, uint64 blockNumber, uint8 part, address sender)
        external
        returns (uint8 participant, address account, bytes27 partDigest);

    /// Questions or the Panel: so many questions are over. Changes nothing from Final on.
    function freeQuestions(bytes32 channelId, uint64 blockNumber, uint8 count) external;

    /// Questions or the Panel: the part counts for nobody. `provers`: a bit for each participant whose question is
    /// upheld by this; when the block is over, half of what is left of the owner's bond is shared alike by all whose
    /// were, however many of each, and the rest is burnt. False if it was struck before.
    function strikePart(bytes32 channelId, uint64 blockNumber, uint8 part, uint16 provers)
        external
        returns (bool isNew);

    /// Questions or the Panel: hands over so much of the bond of the part's owner, or what is left of it; none
    /// from Final on.
    function chargePart(bytes32 channelId, uint64 blockNumber, uint8 part, uint96 amount)
        external
        returns (address account, uint96 charged);

    /// Whether disputes may still change the block: below Final.
    function isOpen(bytes32 channelId, uint64 blockNumber) external view returns (bool);
}
