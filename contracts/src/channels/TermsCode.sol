// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../interfaces/ChannelTypes.sol";

/// What the constructor of a terms contract asks its creator for.
interface ITermsSource {
    /// Answers abi.encode(terms, boxes joined) while a channel is being opened, nothing at any other time.
    function termsBeingStored() external view;
}

/// Terms and boxes of a channel as the code of a contract that does nothing: a third of the gas of storage
/// to write, and one EXTCODECOPY instead of a dozen SLOADs to read. The code is abi.encode(terms, boxes
/// joined), whose first byte is 0: STOP. Its address follows from (Channels, channelId) alone, since the
/// creation code is the same for all: it asks its creator for the bytes.
library TermsCode {
    error TermsNotStored();

    /// PUSH4 selector of termsBeingStored, PUSH0, MSTORE; STATICCALL(GAS, CALLER, 28, 4, 0, 0);
    /// RETURNDATACOPY(0, 0, RETURNDATASIZE); RETURN(0, RETURNDATASIZE). A call that fails answers nothing,
    /// and store refuses a place without code.
    bytes23 private constant CREATION = hex"63dfb429f75f525f5f6004601c335afa3d5f5f3e3d5ff3";
    bytes32 private constant CREATION_HASH =
        0x5c9393241d703ec1c7c98181268283d0abfb7fc8556300e201a7d4872c2262bd;

    /// Words of the head of the encoded terms; participants, roles and blockMaxNano are its first tails.
    uint256 private constant HEAD_WORDS = 24;
    uint256 private constant PARTICIPANTS_MAX = 16;
    /// Two offsets stand before the head of the terms.
    uint256 private constant HEAD_AT = 2 * 32;
    uint256 private constant TAIL_AT = HEAD_AT + HEAD_WORDS * 32;
    uint256 private constant BOX_BYTES = 104;

    /// Transient: the number of bytes being stored, 0 at any other time; their words follow it.
    uint256 private constant LENGTH_SLOT = uint256(keccak256("papyrus terms being stored"));

    /// Where the terms of a channel are: no code there means that the channel is unknown.
    function placeOf(address channels, bytes32 channelId) internal pure returns (address place) {
        bytes32 hash = CREATION_HASH;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, 0xff00000000000000000000000000000000000000000000000000000000000000)
            mstore(add(free, 0x01), shl(96, channels))
            mstore(add(free, 0x15), channelId)
            mstore(add(free, 0x35), hash)
            place := and(keccak256(free, 0x55), 0xffffffffffffffffffffffffffffffffffffffff)
        }
    }

    /// Inside Channels alone, once a channel. `joined`: the boxes in participant order, one after the other.
    function store(bytes32 channelId, ChannelTerms calldata terms, bytes memory joined)
        internal
        returns (address place)
    {
        bytes memory code = abi.encode(terms, joined);
        bytes32 creation = CREATION;
        uint256 lengthSlot = LENGTH_SLOT;
        assembly ("memory-safe") {
            let length := mload(code)
            tstore(lengthSlot, length)
            for { let offset := 32 } iszero(gt(offset, length)) { offset := add(offset, 32) } {
                tstore(add(lengthSlot, offset), mload(add(code, offset)))
            }
            mstore(0x00, creation)
            place := create2(0, 0x00, 23, channelId)
            tstore(lengthSlot, 0)
        }
        if (place.code.length != code.length) revert TermsNotStored();
    }

    /// The answer of termsBeingStored; ends the call.
    function answer() internal view {
        uint256 lengthSlot = LENGTH_SLOT;
        assembly ("memory-safe") {
            let length := tload(lengthSlot)
            let code := mload(0x40)
            for { let offset := 0 } lt(offset, length) { offset := add(offset, 32) } {
                mstore(add(code, offset), tload(add(add(lengthSlot, offset), 32)))
            }
            return(code, length)
        }
    }

    /// The numbers and the participants of the terms; roles, blockMaxNano, reducer and reducerParameters
    /// are left EMPTY. Without participants if there is no code.
    function hot(address place) internal view returns (ChannelTerms memory terms) {
        uint256 size = (HEAD_WORDS + 1 + PARTICIPANTS_MAX) * 32;
        assembly ("memory-safe") {
            // A struct in memory is one word a field, as the head of its encoding is; a dynamic field is a
            // pointer.
            terms := mload(0x40)
            mstore(0x40, add(terms, size))
            extcodecopy(place, terms, HEAD_AT, size)
            mstore(terms, add(terms, mul(HEAD_WORDS, 32)))
            // 0x60 always holds zero: the empty array.
            mstore(add(terms, 32), 0x60)
            mstore(add(terms, 64), 0x60)
            mstore(add(terms, 160), 0x60)
            mstore(add(terms, 192), 0x60)
        }
    }

    /// The roles of a channel with `count` participants.
    function rolesOf(address place, uint256 count) internal view returns (uint8[] memory roles) {
        roles = new uint8[](count);
        uint256 from = TAIL_AT + (count + 1 + 1) * 32;
        assembly ("memory-safe") {
            extcodecopy(place, add(roles, 0x20), from, mul(count, 32))
        }
    }

    /// In nano-units, of a channel with `count` participants; entry 0, the payer's, is 0.
    function blockMaxOf(address place, uint256 count) internal view returns (uint64[] memory blockMaxNano) {
        blockMaxNano = new uint64[](count);
        uint256 from = TAIL_AT + (2 * (count + 1) + 1) * 32;
        assembly ("memory-safe") {
            extcodecopy(place, add(blockMaxNano, 0x20), from, mul(count, 32))
        }
    }

    function whole(address place) internal view returns (ChannelTerms memory terms, bytes[] memory boxes) {
        bytes memory joined;
        (terms, joined) = abi.decode(place.code, (ChannelTerms, bytes));
        boxes = new bytes[](joined.length / BOX_BYTES);
        for (uint256 i = 0; i < boxes.length; i++) {
            boxes[i] = boxAt(joined, i);
        }
    }

    function boxAt(bytes memory joined, uint256 index) private pure returns (bytes memory box) {
        box = new bytes(BOX_BYTES);
        assembly ("memory-safe") {
            mcopy(add(box, 0x20), add(add(joined, 0x20), mul(index, BOX_BYTES)), BOX_BYTES)
        }
    }
}
