// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Was a part served? Validators look at the part store and say, since no contract can see it. Rounds 0, 1
/// and 2 have 7, 15 and 31 validators, or all eligible ones where there are fewer. Times are seconds of chain
/// time, intervals half-open: from the draw on, half a processingPeriod to commit, as much to reveal, then an
/// answerPeriod to appeal.
interface IPanel {
    /// A round of a panel; `members` are empty until it is drawn.
    struct PanelRound {
        /// Whose hash seeds the draw; nobody counts whose bond rose at `namedAt` or later.
        uint64 height;
        uint64 namedAt;
        /// 0 until the draw is complete.
        uint64 drawnAt;
        /// Who appealed and has a bond at stake; zero for the first round and for one that follows a tie.
        address appellant;
        /// How many revealed that they hold it, and that they do not.
        uint8 held;
        uint8 notHeld;
        address[] members;
        /// Zero until committed, and again once revealed.
        bytes32[] commitments;
        /// Bit i: member i revealed.
        uint32 revealed;
    }

    /// `partDigest`: BlockWords.partDigest of what the owner posted.
    event PanelAsked(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed part,
        address account,
        bytes27 partDigest
    );
    /// A round is to be drawn from the hash of `height`; once more for the same round if that hash is gone.
    event PanelHeightNamed(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed part,
        uint8 round,
        uint64 height
    );
    /// Entries of the list below `left` are still to be looked at.
    event PanelDrawBegun(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 indexed part, uint8 round, uint256 left
    );
    /// In the order of the draw; each has Bonds.PANEL_SEAT of its stake locked, or what was unlocked of it.
    /// seed: PanelDraw.seedOf.
    event PanelDrawn(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed part,
        uint8 round,
        bytes32 seed,
        address[] members
    );
    event PanelCommitted(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed part,
        uint8 round,
        address validator,
        bytes32 commitment
    );
    event PanelRevealed(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed part,
        uint8 round,
        address validator,
        bool isHeld
    );
    /// `round`: the one that follows from it.
    event PanelAppealed(
        bytes32 indexed channelId,
        uint64 indexed blockNumber,
        uint8 indexed part,
        uint8 round,
        address account
    );
    event PanelConcluded(
        bytes32 indexed channelId, uint64 indexed blockNumber, uint8 indexed part, bool isHeld
    );
    /// The block was over before the panel was.
    event PanelReleased(bytes32 indexed channelId, uint64 indexed blockNumber, uint8 indexed part);

    error NotParticipant(bytes32 channelId, address sender);
    error NotAsked(bytes32 channelId, uint64 blockNumber, uint8 part);
    error AlreadyAsked(bytes32 channelId, uint64 blockNumber, uint8 part);
    error AlreadyConcluded(bytes32 channelId, uint64 blockNumber, uint8 part);
    /// The block is final or over: `release` gives the bonds back.
    error BlockOver(bytes32 channelId, uint64 blockNumber);
    error BlockOpen(bytes32 channelId, uint64 blockNumber);
    /// The seed is the hash of this height, which a contract sees from the next one on.
    error DrawTooEarly(uint64 height);
    error AlreadyDrawn(uint64 drawnAt);
    error NotDrawn(uint8 round);
    /// It can be done in [opensAt, closesAt).
    error WrongTime(uint256 opensAt, uint256 closesAt);
    error PlaceUnknown(uint8 place, uint8 count);
    error NotMember(address sender, uint8 place);
    error CommitmentMissing();
    error CommitmentMismatch(bytes32 commitment, bytes32 given);
    /// A tie, a panel of nobody, and the last round have no verdict that another round could overrule.
    error NothingToAppeal(uint8 round);

    /// A participant (account or operator key), once for everybody: locks Bonds.QUESTION of its account's
    /// free wei.
    function ask(bytes32 channelId, uint64 blockNumber, uint8 part) external;

    /// Anyone, from the height after the seed's on: looks at the next `limit` entries of the list of
    /// validators, from its end to its start, and completes the draw when none is left. Seat holders of the
    /// block and whoever IValidatorRegistry.steadyBonds gives nothing are left out. Where the seed's hash is
    /// gone, names a new height instead.
    function draw(bytes32 channelId, uint64 blockNumber, uint8 part, uint256 limit) external;

    /// The member at `place` of the current round: keccak256(abi.encode(channelId, blockNumber, part, round,
    /// its address, isHeld, salt)). A later one replaces it.
    function commit(bytes32 channelId, uint64 blockNumber, uint8 part, uint8 place, bytes32 commitment)
        external;

    /// Anyone may send what the commitment binds.
    function reveal(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 part,
        uint8 place,
        bool isHeld,
        bytes32 salt
    ) external;

    /// Any participant of the channel (account or operator key), against the verdict of the first or second
    /// round, whichever it is: locks twice the bond of the round before. It comes back if the verdict is
    /// overruled; otherwise it pays the round that it called, and the rest is burnt.
    function appeal(bytes32 channelId, uint64 blockNumber, uint8 part) external;

    /// Anyone: after a tie of the first or second round, begins the next. When nobody can appeal any more,
    /// ends it: each validator that revealed is paid Bonds.PANEL_PAY, the silent lose Bonds.PANEL_SILENCE.
    /// Held: the asker and the part's owner pay half each, the rest of their bonds comes back. Not held: the
    /// owner pays and the part is struck. What the owner's bond lacks the asker pays.
    function conclude(bytes32 channelId, uint64 blockNumber, uint8 part) external;

    /// Anyone, once the block is final or over and the panel has not concluded: bonds come back. Who called a
    /// round pays the validators that revealed in it: the appellant, otherwise the asker. Nobody was silent
    /// in the last round, whose time to reveal the block's end may have cut short.
    function release(bytes32 channelId, uint64 blockNumber, uint8 part) external;

    /// asker is zero if nobody asked; `round` is the current one.
    function standing(bytes32 channelId, uint64 blockNumber, uint8 part)
        external
        view
        returns (address asker, uint8 round, bool isOver);

    function roundAt(bytes32 channelId, uint64 blockNumber, uint8 part, uint8 round)
        external
        view
        returns (PanelRound memory);
}
