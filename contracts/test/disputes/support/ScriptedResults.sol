// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Forfeit, IBlockSeams} from "../../../src/interfaces/IBlockSeams.sol";
import {IParticipantRegistry} from "../../../src/registries/IParticipantRegistry.sol";

/// Of Blocks only what the Adjudicator knows of it. A test says which results there are, who stands for what,
/// and what falls or ends otherwise.
contract ScriptedResults {
    struct Result {
        bytes32 outputHash;
        bool isGone;
        bool isFallen;
        Forfeit[] forfeits;
        Forfeit[] takenBack;
    }

    IParticipantRegistry private immutable registry;
    address public adjudicator;
    address[] public accounts;
    address[] public validators;
    bool public isOver;
    bool private isBurnt;
    uint256 public openAccusations;
    mapping(uint8 result => uint40) private revealedAt;
    mapping(uint8 result => Result) private results;
    mapping(uint8 part => bytes27) private digests;

    constructor(IParticipantRegistry registry_) {
        registry = registry_;
    }

    function setAdjudicator(address adjudicator_) external {
        adjudicator = adjudicator_;
    }

    function addParty(address account, address validator) external {
        accounts.push(account);
        validators.push(validator);
    }

    function setResult(uint8 result, bytes32 outputHash) external {
        results[result].outputHash = outputHash;
    }

    /// Taken back, or again not.
    function setGone(uint8 result, bool isGone) external {
        results[result].isGone = isGone;
    }

    /// What Blocks never does: a result that fell stands again.
    function raise(uint8 result) external {
        results[result].isFallen = false;
        delete results[result].forfeits;
    }

    function setPart(uint8 part, bytes27 digest) external {
        digests[part] = digest;
    }

    function addForfeit(uint8 result, address account, uint96 amount) external {
        results[result].forfeits.push(Forfeit(account, amount));
    }

    function addTakenBack(uint8 result, address account, uint96 amount) external {
        results[result].takenBack.push(Forfeit(account, amount));
    }

    function end() external {
        isOver = true;
    }

    // ── what the Adjudicator calls ──

    function holdAccusation(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 result,
        uint8 participant,
        address sender
    ) external returns (bytes32 outputHash, address account, bool isValidator) {
        requireAdjudicator();
        if (!stands(channelId, blockNumber, result)) {
            revert IBlockSeams.AccusationTooLate(channelId, blockNumber, block.timestamp);
        }
        account = accounts[participant];
        isValidator = sender != account && registry.operatorKeyOf(account) != sender;
        if (isValidator) {
            if (sender != validators[participant]) {
                revert IBlockSeams.NothingElseStoodFor(channelId, blockNumber, participant);
            }
            account = sender;
        }
        openAccusations++;
        outputHash = results[result].outputHash;
    }

    function freeAccusations(bytes32, uint64, uint8 count) external {
        requireAdjudicator();
        openAccusations -= count;
        // As Blocks does with the last one of a block that is over.
        if (isOver && openAccusations == 0) isBurnt = true;
    }

    function fall(bytes32 channelId, uint64 blockNumber, uint8 result) external returns (Forfeit[] memory) {
        requireAdjudicator();
        require(stands(channelId, blockNumber, result), "it does not stand");
        results[result].isFallen = true;
        return results[result].forfeits;
    }

    function forfeitTakenBack(bytes32, uint64, uint8 result) external returns (Forfeit[] memory forfeits) {
        requireAdjudicator();
        if (isBurnt) return forfeits;
        forfeits = results[result].takenBack;
        delete results[result].takenBack;
    }

    function stands(bytes32, uint64, uint8 result) public view returns (bool) {
        Result storage one = results[result];
        return !isOver && one.outputHash != 0 && !one.isGone && !one.isFallen;
    }

    function fell(uint8 result) external view returns (bool) {
        return results[result].isFallen;
    }

    function revealedAtOf(bytes32, uint64, uint8 result) external view returns (uint40) {
        return revealedAt[result];
    }

    function setRevealedAt(uint8 result, uint40 at_) external {
        revealedAt[result] = at_;
    }

    function partDigestOf(bytes32, uint64, uint8 part) external view returns (bytes27) {
        return digests[part];
    }

    function requireAdjudicator() private view {
        if (msg.sender != adjudicator) revert("not the Adjudicator");
    }
}
